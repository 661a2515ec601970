"""Windows of models by segment: the vectors and scores of the events with one value of a declared feature.

They are counted once for each four hours, from a sample of the decisions, because a consumer would rewrite a
row for every value with each batch.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from django.db import connection
from django.db.models import Exists, OuterRef, Sum
from numpy.typing import NDArray

from monitoring.drift.groups.segments import segment_fields
from monitoring.drift.report import read_vocabularies
from monitoring.models import ModelSegmentWindow, ModelWindow
from monitoring.segment_conditions import age_bands
from monitoring.windows.binning import Reference, pack
from monitoring.windows.model_windows import MODEL, read_references, sum_contributions
from monitoring.windows.segments import KEPT
from scoring.catalog.registry import event_types
from scoring.features.compile.specs import FeatureSpec
from scoring.features.logged_vectors import stack_vectors
from scoring.learning.fairness.slicing import MISSING, OTHERS
from scoring.registry.feature_sets import find_feature_set
from scoring.registry.models import ModelVersion
from scoring.rules.rules.trial.sample import positions_since

LENGTH: Final = ModelSegmentWindow.LENGTH
GRACE: Final = timedelta(minutes=10)  # in which decisions of a window may still become visible
MAX_VALUES: Final = 12  # of a category, the most frequent ones in training; the others are one segment
MAX_ROWS: Final = 20_000  # decisions of a window, about
MAX_A_RUN: Final = 24  # windows of a model, the newest first; the next run continues
_TICKS: Final = 1 << 16  # into which positions are hashed

_DECIDED: Final = """
    SELECT decision.score, made.packed
      FROM scoring_decision decision JOIN scoring_logentry made ON made.position = decision.position
     WHERE decision.position >= %(first)s AND decision.position < %(end)s AND decision.model = %(model)s
       AND decision.revision = 0 AND decision.basis = %(basis)s AND made.packed IS NOT NULL
       AND (hashint8(decision.position) & %(mask)s) < %(keep)s
     ORDER BY decision.position
"""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def to_window(moment: datetime) -> datetime:
    """The start of the window of a moment, UTC."""
    return moment.replace(
        hour=moment.hour - moment.hour % int(LENGTH / timedelta(hours=1)), minute=0, second=0, microsecond=0
    )


def count_segments(*, now: datetime) -> int:
    """Count the complete windows that are not counted yet; returns how many of all models."""
    names = ModelWindow.objects.filter(start__gte=now - KEPT).values_list("model", flat=True).distinct()
    versions = ModelVersion.objects.filter(name__in=list(names), event_type__in=event_types())
    references = read_references(version.name for version in versions)
    return sum(
        _count_model(version, references[version.name], now=now)
        for version in versions.only("name", "event_type", "artifact", "feature_set")
        if version.name in references
    )


def _count_model(version: ModelVersion, reference: Reference, *, now: datetime) -> int:
    specs = segment_features(version)
    due = list(_due(version.name, now=now))[:MAX_A_RUN] if specs else []
    for start, rows in due:
        ModelSegmentWindow.objects.bulk_create(_windows(version, reference, specs, start, rows))
    return len(due)


def segment_features(version: ModelVersion) -> dict[int, FeatureSpec]:
    """The features by whose values a model's events are divided, by column: declared ones with few values."""
    kind = event_types()[version.event_type]
    found = find_feature_set(kind.name, read_vocabularies(version.artifact), version.feature_set)
    if found is None:
        return {}
    declared = segment_fields(kind, {spec.name: spec for spec in found.features})
    return {column: spec for column, spec in enumerate(found.features) if spec.name in declared}


def _due(model: str, *, now: datetime) -> Iterator[tuple[datetime, int]]:
    """The windows of a model that are complete and not counted, newest first, with their decisions."""
    until = to_window(now - GRACE)
    counted = ModelSegmentWindow.objects.filter(
        model=model, start__gt=OuterRef("start") - LENGTH, start__lte=OuterRef("start")
    )
    hours = ModelWindow.objects.filter(
        model=model, start__gte=to_window(now - KEPT) + LENGTH, start__lt=until
    )
    rows: dict[datetime, int] = {}
    for start, count in hours.filter(~Exists(counted)).values_list("start").annotate(Sum("rows")):
        rows[to_window(start)] = rows.get(to_window(start), 0) + count
    yield from sorted(rows.items(), reverse=True)


def _windows(
    version: ModelVersion,
    reference: Reference,
    specs: Mapping[int, FeatureSpec],
    start: datetime,
    rows: int,
) -> Iterator[ModelSegmentWindow]:
    scores, vectors, contributions = _read(version.name, start, rows, width=len(reference.names))
    for column, spec in specs.items():
        for value, inside in divide(spec, vectors[:, column]):
            yield ModelSegmentWindow(
                event_type=version.event_type,
                model=version.name,
                field=spec.name,
                value=value[:80],
                start=start,
                rows=int(inside.sum()),
                features=pack(reference.count_vectors(vectors[inside])),
                scores=pack(reference.count_scores(scores[inside])),
                contributions=pack(sum_contributions(contributions[inside])),
            )


def _read(model: str, start: datetime, rows: int, *, width: int) -> tuple[Floats, Floats, Floats]:
    """The scores [n], vectors [n, width] and contributions [n, width + 1] of a window's decisions."""
    asked: dict[str, Any] = {
        "first": positions_since(start)[0],
        "end": positions_since(start + LENGTH)[0],
        "model": model,
        "basis": MODEL,
        "mask": _TICKS - 1,
        "keep": min(_TICKS, max(_TICKS * MAX_ROWS // max(rows, 1), 1)),
    }
    with connection.cursor() as cursor:
        cursor.execute(_DECIDED, asked)
        found = cursor.fetchall()
    vectors, contributions = stack_vectors([bytes(packed) for _, packed in found], width)
    return np.array([score for score, _ in found], dtype=np.float64), vectors, contributions


def divide(spec: FeatureSpec, values: Floats) -> Iterator[tuple[str, Bools]]:
    """The segments that have events: (name, which events, bool[n]) by values float64[n], NaN for missing."""
    left = ~np.isnan(values)
    for name, inside in _named(spec, values):
        if (inside & left).any():
            yield name, inside & left
        left = left & ~inside
    for name, inside in ((OTHERS, left), (MISSING, np.isnan(values))):
        if inside.any():
            yield name, inside


def _named(spec: FeatureSpec, values: Floats) -> Iterator[tuple[str, Bools]]:
    if spec.unit == "category":
        codes = enumerate(spec.vocabulary[:MAX_VALUES], start=1)
        yield from ((name, values == code) for code, name in codes)
    elif spec.unit == "flag":
        yield from (("yes", values != 0), ("no", values == 0))
    else:
        yield from ((name, (values >= low) & (values < high)) for name, low, high in age_bands())
