"""Hourly windows of models: each version's features, scores and contributions in its reference bins."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import numpy as np
import orjson
from django.db.models import TextField
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast
from numpy.typing import NDArray

from monitoring.models import ModelWindow
from monitoring.windows.binning import BinCounts, Reference, pack, unpack
from monitoring.windows.hourly import to_hour
from scoring.catalog.outcomes import BASIC_OUTCOMES
from scoring.decisions.models import Decision
from scoring.features.logged_vectors import stack_vectors
from scoring.log.consumers.registry import Consumer
from scoring.log.entries import Entry
from scoring.registry.models import ModelVersion

MILLION = 1_000_000
MODEL = Decision.Basis.MODEL.value
COUNTED = (
    *("rows", "decided_allow", "decided_review", "decided_block", "decided_other"),
    *("features", "scores", "contributions"),
)


class ModelHour(NamedTuple):
    """A model version and the start of an hour, UTC."""

    model: str
    start: datetime


@dataclass
class ModelCounts:
    """The counts of one model and hour: the columns of a `ModelWindow`."""

    event_type: str
    rows: int
    outcomes: dict[str, int]
    features: BinCounts
    scores: BinCounts
    contributions: BinCounts


def count_decisions(
    entries: Iterable[Entry], *, references: Mapping[str, Reference]
) -> dict[ModelHour, ModelCounts]:
    """What `decision.made` entries by the models of `references` add to each window."""
    grouped: dict[ModelHour, list[Entry]] = defaultdict(list)
    counted = (entry for entry in entries if entry.data["model"] in references and is_by_model(entry))
    # Consecutive entries usually share an hour, and times compare faster than they hash.
    for hour, neighbors in groupby(counted, key=_hour_of):
        grouped[hour].extend(neighbors)
    return {hour: _count(made, references[hour.model]) for hour, made in grouped.items()}


def _hour_of(decision: Entry) -> ModelHour:
    return ModelHour(decision.data["model"], to_hour(decision.recorded_at))


def is_by_model(entry: Entry) -> bool:
    """Whether a `decision.made` was decided by a model, with its vector."""
    return entry.data["basis"] == MODEL and entry.packed is not None


def _count(made: Sequence[Entry], reference: Reference) -> ModelCounts:
    vectors, contributions = stack_vectors([entry.packed or b"" for entry in made], len(reference.names))
    return ModelCounts(
        event_type=made[0].data["event_type"],
        rows=len(made),
        outcomes=dict(Counter(entry.data["outcome"] for entry in made)),
        features=reference.count_vectors(vectors),
        scores=reference.count_scores(np.array([entry.data["score"] for entry in made])),
        contributions=sum_contributions(contributions),
    )


def sum_contributions(contributions: NDArray[np.float64]) -> BinCounts:
    """Contributions [n, F + 1] in log-odds, the bias last, summed as in a window: int64 [F] in millionths.

    Each is rounded before it is added, because sums of floats would depend on the batching.
    """
    return np.rint(np.abs(contributions[:, :-1]) * MILLION).astype(np.int64).sum(axis=0)


def read_references(names: Iterable[str]) -> dict[str, Reference]:
    """The references of model versions by name, without versions that have none."""
    versions = ModelVersion.objects.filter(name__in=set(names)).annotate(row=_ROW)
    found = {name: _reference_of(name, row) for name, row in versions.values_list("name", "row")}
    return {name: reference for name, reference in found.items() if reference is not None}


# Which row of the table it is: every change of a row gives it another place or transaction. A reference is a
# hundred kilobytes of text, which several consumers need for every page.
_ROW = RawSQL("scoring_modelversion.xmin::text || scoring_modelversion.ctid::text", [], TextField())


@lru_cache(maxsize=16)
def _reference_of(name: str, row: str) -> Reference | None:
    """The reference of a version as this `row` has it. A row that was changed just now may be newer."""
    stored = ModelVersion.objects.filter(name=name).values_list(Cast("reference", TextField()))
    return Reference.of(orjson.loads(stored.get()[0]))


def add_to_model_windows(entries: Sequence[Entry], *, now: datetime) -> None:
    """Add first decisions to the windows of their models, in the caller's transaction.

    Decisions of versions without a reference are left out: there is nothing to compare them with.
    """
    decided = [entry for entry in entries if is_by_model(entry)]
    references = read_references(entry.data["model"] for entry in decided)
    seen = count_decisions(decided, references=references)
    if not seen:
        return
    windows = _stored_windows(seen)
    for hour, added in seen.items():
        _add(windows[hour], added, references[hour.model])
    ModelWindow.objects.bulk_create(
        windows.values(),
        update_conflicts=True,
        unique_fields=["model", "start"],
        update_fields=COUNTED,
    )


def _stored_windows(seen: Mapping[ModelHour, ModelCounts]) -> dict[ModelHour, ModelWindow]:
    """The windows of `seen`, stored or new; the locked cursor of the consumer keeps other writers out."""
    windows = {
        hour: ModelWindow(
            event_type=added.event_type,
            model=hour.model,
            start=hour.start,
            features=pack(np.zeros_like(added.features)),
            scores=pack(np.zeros_like(added.scores)),
            contributions=pack(np.zeros_like(added.contributions)),
        )
        for hour, added in seen.items()
    }
    stored = ModelWindow.objects.filter(
        model__in={hour.model for hour in seen}, start__in={hour.start for hour in seen}
    )
    for window in stored:
        if (hour := ModelHour(window.model, window.start)) in windows:
            window.pk = None  # upserted by its natural key
            windows[hour] = window
    return windows


def _add(window: ModelWindow, added: ModelCounts, reference: Reference) -> None:
    if (
        window.contributions
    ):  # else the hour started before they were counted, and a partial sum would mislead
        window.contributions = pack(unpack(window.contributions) + added.contributions)
    window.rows += added.rows
    for outcome, count in added.outcomes.items():
        _add_outcome(window, outcome, count)
    window.features = pack(reference.unpack_features(window.features) + added.features)
    window.scores = pack(unpack(window.scores) + added.scores)


def _add_outcome(window: ModelWindow, outcome: str, count: int) -> None:
    if outcome in BASIC_OUTCOMES:
        setattr(window, f"decided_{outcome}", getattr(window, f"decided_{outcome}") + count)
    else:
        window.decided_other[outcome] = window.decided_other.get(outcome, 0) + count


def empty_model_windows() -> None:
    """Delete all windows before the log is counted again."""
    ModelWindow.objects.all().delete()


MODEL_WINDOWS = Consumer(
    name="monitoring.model_windows",
    types=frozenset({"decision.made"}),
    handle=add_to_model_windows,
    reset=empty_model_windows,
)
