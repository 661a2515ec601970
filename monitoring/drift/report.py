"""Compares a model's recent features, scores and outcomes with its training data, from model windows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import orjson

from monitoring.drift.bin_names import bin_names, score_names
from monitoring.drift.distance import ALL_MISSING, NOT_COMPARED, Drift, State, measure_drift
from monitoring.models import ModelWindow
from monitoring.windows.binning import BinCounts, Reference, unpack
from monitoring.windows.hourly import to_hour
from scoring.catalog.registry import all_outcomes
from scoring.catalog.registry import event_type as find_event_type
from scoring.features.compile.plan import Vocabularies, lane_plan
from scoring.features.compile.specs import FeatureSpec
from scoring.registry.models import ModelArtifact

HOUR = timedelta(hours=1)
SPANS = {"hour": HOUR, "day": timedelta(days=1), "week": timedelta(weeks=1)}
# Hour and weekday are compared only over a complete cycle: a quiet night is not drift.
CYCLES = {"hour": timedelta(days=1), "weekday": timedelta(weeks=1)}


@dataclass(frozen=True)
class SideShares:
    """The share of rows in each bin, and of rows without a value."""

    shares: list[float]
    missing: float


@dataclass(frozen=True)
class FeatureDrift:
    """A feature then (in training) and now. `names` are those of the bins, missing values last."""

    name: str
    drift: Drift
    names: list[str]
    then: SideShares
    now: SideShares

    @property
    def compared(self) -> bool:
        """Whether the two distributions were compared."""
        return self.drift.state not in (State.NO_DATA, State.NOT_COMPARED, State.ALL_MISSING)

    @property
    def highest(self) -> float:
        """The largest share of any bin."""
        return max(*self.then.shares, *self.now.shares)

    @property
    def bins(self) -> list[tuple[str, float, float]]:
        """(name, share then, share now) of every bin."""
        return list(zip(self.names, self.then.shares, self.now.shares, strict=True))


@dataclass(frozen=True)
class DriftReport:
    """A model over a period. `features` are sorted by PSI, largest first.

    `score` is the drift of the scores, `scores` their (name, share then, share now) by bin, `outcomes` the
    shares (then, now) by outcome.
    """

    model: str
    rows: int
    reference_rows: int
    since: datetime
    features: list[FeatureDrift]
    score: Drift
    scores: list[tuple[str, float, float]]
    outcomes: dict[str, tuple[float, float]]

    def count(self, *states: State) -> int:
        return sum(feature.drift.state in states for feature in self.features)

    @property
    def moved(self) -> list[FeatureDrift]:
        return [feature for feature in self.features if feature.drift.state.has_moved]

    @property
    def is_far(self) -> bool:
        """Whether it needs attention: a feature has shifted far, or the scores have moved."""
        return self.score.state.has_moved or self.count(State.SHIFTED) > 0

    @property
    def state(self) -> State:
        """The most severe state of any feature or of the score."""
        order = list(State)
        return max([self.score.state, *(f.drift.state for f in self.features)], key=order.index)


def since_of(span: str, *, now: datetime) -> datetime:
    """The start of a span in whole hours, so that an "hour" is one to two hours long."""
    return to_hour(now - SPANS[span])


def read_windows(model: str, *, since: datetime) -> list[ModelWindow]:
    """The model's windows from `since` on, oldest first."""
    return list(ModelWindow.objects.filter(model=model, start__gte=since).order_by("start"))


def feature_specs(event_type: str, vocabularies: Mapping[str, Sequence[str]]) -> dict[str, FeatureSpec]:
    """The specs of an event type's features by name, with a model's vocabularies (field -> values).

    Those of the newest set come first, then those that only earlier sets have.
    """
    codes: Vocabularies = {event_type: vocabularies}
    sets = lane_plan(find_event_type(event_type).lane, codes).feature_sets(event_type)
    specs: dict[str, FeatureSpec] = {}
    for spec in (spec for declared in sets for spec in declared.features):
        specs.setdefault(spec.name, spec)
    return specs


def read_vocabularies(artifact: str) -> dict[str, list[str]]:
    """The vocabularies of a model's categories, field -> values, without loading the model."""
    stored = ModelArtifact.objects.filter(digest=artifact).values_list("spec", flat=True).first()
    return orjson.loads(stored)["vocabularies"] if stored else {}


def compare(
    model: str,
    windows: Sequence[ModelWindow],
    reference: Reference,
    *,
    specs: Mapping[str, FeatureSpec],
    since: datetime,
) -> DriftReport:
    """Compare the model's windows (since `since`, oldest first) with its reference."""
    seen_for = windows[-1].start - windows[0].start + HOUR if windows else timedelta(0)
    counts = sum((reference.unpack_features(w.features) for w in windows), np.zeros_like(reference.features))
    scores = sum((unpack(w.scores) for w in windows), np.zeros_like(reference.scores))
    features = [
        _feature(index, counts, reference, spec=specs.get(name), seen_for=seen_for)
        for index, name in enumerate(reference.names)
    ]
    return DriftReport(
        model=model,
        rows=sum(window.rows for window in windows),
        reference_rows=reference.rows,
        since=since,
        features=sorted(features, key=lambda feature: -feature.drift.psi),
        score=measure_drift(reference.scores, scores),
        scores=list(
            zip(
                score_names(reference.score_edges.tolist()),
                _shares(reference.scores),
                _shares(scores),
                strict=True,
            )
        ),
        outcomes=_outcomes(windows, reference),
    )


def _feature(
    index: int, counts: BinCounts, reference: Reference, *, spec: FeatureSpec | None, seen_for: timedelta
) -> FeatureDrift:
    then, now = reference.bins(index, reference.features), reference.bins(index, counts)
    return FeatureDrift(
        name=reference.names[index],
        drift=_drift(then, now) if _is_comparable(spec, seen_for) else NOT_COMPARED,
        names=bin_names(reference.edges[index].tolist(), spec),
        then=_side(then),
        now=_side(now),
    )


def _is_comparable(spec: FeatureSpec | None, seen_for: timedelta) -> bool:
    """Whether a comparison is meaningful: age only grows, and a cycle must be complete."""
    if spec is None:
        return True
    return not spec.is_age and seen_for >= CYCLES.get(spec.unit, timedelta(0))


def _drift(then: BinCounts, now: BinCounts) -> Drift:
    """The drift of a feature's bins; the last bin counts missing values."""
    if then.sum() and now.sum() and not then[:-1].sum() and not now[:-1].sum():
        return ALL_MISSING
    return measure_drift(then, now)


def _outcomes(windows: Sequence[ModelWindow], reference: Reference) -> dict[str, tuple[float, float]]:
    """Of the outcomes that the windows' event type declares, or that the reference has."""
    counts = [window.outcomes() for window in windows]
    seen = {*reference.outcomes, *(name for count in counts for name in count)}
    names = [name for name in all_outcomes() if name in seen]
    then = _shares(np.array([reference.outcomes.get(name, 0) for name in names]))
    now = _shares(np.array([sum(count.get(name, 0) for count in counts) for name in names]))
    return dict(zip(names, zip(then, now, strict=True), strict=True))


def _side(counts: BinCounts) -> SideShares:
    shares = _shares(counts)
    return SideShares(shares=shares, missing=shares[-1])


def _shares(counts: BinCounts) -> list[float]:
    total = int(counts.sum())
    return [float(count) / total if total else 0.0 for count in counts]
