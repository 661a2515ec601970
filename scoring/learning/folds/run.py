"""Compares contenders on folds: the lane is read once, and each fold learns what was known at its origin."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.registry import scored_type
from scoring.features.compile.plan import lane_plan
from scoring.learning.dataset.covered_days import covered_days
from scoring.learning.dataset.selection import SelectionHistory
from scoring.learning.dataset.split import DAY_US
from scoring.learning.dataset.training_set import LabelHistory, TrainingSet, VectorTable, known_before
from scoring.learning.dataset.vectors_and_labels import read_labels, read_selection, read_vectors
from scoring.learning.dataset.vocabularies import count_vocabulary
from scoring.learning.errors import NoEventsToEvaluate
from scoring.learning.folds.contenders import Contender, Learned
from scoring.learning.folds.windows import Fold
from scoring.learning.metrics.entities import entity_metrics
from scoring.learning.metrics.quality import all_metrics
from scoring.learning.texts.reading import with_texts
from scoring.learning.training.recipe import TrainingRequest
from scoring.learning.training.running.inputs import training_and_test
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.timestamps import to_iso

Metrics = Mapping[str, float | None]
MeasureMoney = Callable[[TrainingSet, Mapping[str, Learned], float], Mapping[str, Metrics]]

CAPACITY = 100  # events, or entities, that people look at in a day


@dataclass(frozen=True)
class History:
    """Everything that folds are cut from."""

    event_type: str
    vectors: VectorTable
    labels: LabelHistory
    selection: SelectionHistory
    filled: Sequence[int]  # columns that the text models of a training fill in


@dataclass(frozen=True)
class FoldResult:
    """The events of a fold's test with the scores (float64[m]) and metrics of each contender.

    `weights` float64[m]: how often each event counts, None for once. `cpu_seconds`: for fitting and scoring.
    `importance`: of features by name, of the contenders that are trained from a recipe.
    """

    fold: Fold
    learned_from: int
    positions: NDArray[np.int64]
    occurred_at: NDArray[np.int64]
    y: NDArray[np.int8]
    groups: NDArray[np.int64]
    weights: NDArray[np.float64] | None
    scores: Mapping[str, NDArray[np.float64]]
    metrics: Mapping[str, Metrics]
    cpu_seconds: Mapping[str, float]
    importance: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def read_history(
    event_type: str, *, vocabulary_as_of: datetime, watch: ProgressReporter = NO_PROGRESS
) -> History:
    """The lane's events and labels, read once.

    Categories are coded by the values that were frequent at `vocabulary_as_of`, so that no fold knows later
    ones. Raises UnknownEventType, EventTypeNotScored, NoEventsToEvaluate.
    """
    kind = scored_type(event_type)
    vocabulary = count_vocabulary(kind, as_of=vocabulary_as_of, watch=watch)
    resemblances = lane_plan(kind.lane, {kind.name: vocabulary}).feature_set(kind.name).resemblances
    vectors = read_vectors(kind.name, vocabulary=vocabulary, watch=watch)
    if not len(vectors.positions):
        at = to_iso(vocabulary_as_of)
        raise NoEventsToEvaluate(event_type=kind.name, since=at, until=at, rows=0)
    vectors = with_texts(vectors, [field for _, field, _ in resemblances], watch=watch)
    labels, selection = read_labels(vectors, watch=watch), read_selection(vectors)
    return History(kind.name, vectors, labels, selection, [column for column, *_ in resemblances])


def run_fold(
    history: History,
    fold: Fold,
    contenders: Sequence[Contender],
    *,
    now: datetime,
    since: datetime | None = None,
    matures_after: timedelta | None = None,
    measure_money: MeasureMoney | None = None,
    watch: ProgressReporter = NO_PROGRESS,
) -> FoldResult:
    """Fit and measure every contender on one fold.

    `measure_money(test, learned, days)` gives further metrics by contender. Raises NoEventsToEvaluate,
    NotEnoughHistory, NotEnoughPositives and ContenderCannotBeCompared.
    """
    request = TrainingRequest(
        history.event_type,
        as_of=fold.origin,
        test_until=fold.until,
        matures_after=matures_after,
        since=since,
    )
    data, test = _sets_of(history, request, now=now)
    known = known_before(history.vectors, history.labels, test, at=fold.origin)
    learned, metrics, seconds = {}, {}, {}
    for contender in contenders:
        _empty(history, data, test)
        started = process_time()
        learned[contender.name] = contender.learn(data, test, watch)
        seconds[contender.name] = process_time() - started
        metrics[contender.name] = fold_metrics(test, learned[contender.name].score, known=known)
    days = covered_days(test.occurred_at, among=history.vectors.occurred_at)
    money = measure_money(test, learned, days) if measure_money else {}
    return FoldResult(
        fold=fold,
        learned_from=len(data.y),
        positions=test.positions,
        occurred_at=test.occurred_at,
        y=test.y,
        groups=test.groups,
        weights=test.weights,
        scores={name: each.score for name, each in learned.items()},
        metrics={name: found | dict(money.get(name, {})) for name, found in metrics.items()},
        cpu_seconds=seconds,
        importance={name: each.importance for name, each in learned.items() if each.importance},
    )


def _sets_of(history: History, request: TrainingRequest, *, now: datetime) -> tuple[TrainingSet, TrainingSet]:
    """What a fold learns from, and what it is tested on. Raises NoEventsToEvaluate."""
    data, test = training_and_test(history.vectors, history.labels, history.selection, request, now=now)
    if test is None:
        raise NoEventsToEvaluate(
            event_type=history.event_type,
            since=to_iso(request.as_of),
            until=to_iso(request.test_until or now),
            rows=0,
        )
    return data, test


def fold_metrics(
    test: TrainingSet, score: NDArray[np.float64], *, known: NDArray[np.bool_]
) -> dict[str, float | None]:
    """The metrics of one contender on a fold's test; None where one is not defined."""
    day = test.occurred_at // DAY_US
    found = all_metrics(y=test.y, score=score, day=day, daily_capacity=CAPACITY, weights=test.weights)
    found |= entity_metrics(test.y, score, day=day, entity=test.groups, capacity=CAPACITY, known_before=known)
    return {name: (None if np.isnan(value) else value) for name, value in found.items()}


def describe_result(result: FoldResult) -> dict[str, Any]:
    """The fold's figures as JSON values."""
    return {
        "fold": result.fold.number,
        "origin": to_iso(result.fold.origin),
        "until": to_iso(result.fold.until),
        "learned_from": result.learned_from,
        "rows": len(result.y),
        "positives": int(result.y.sum()),
        "metrics": {name: dict(found) for name, found in result.metrics.items()},
        "cpu_seconds": {name: round(seconds, 2) for name, seconds in result.cpu_seconds.items()},
    }


def _empty(history: History, *sets: TrainingSet) -> None:
    """Text models of one fold or contender must not leave what they learned to the next."""
    for data in sets:
        data.X[:, list(history.filled)] = np.nan
