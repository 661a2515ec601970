"""Every metric of two models on the same resamples of the same events: each difference gets an interval.

What does not change from resample to resample, above all the orders, is computed once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scoring.learning.metrics.curves import CALIBRATION_BINS
from scoring.learning.metrics.entities import RankedEntities, rank_entities
from scoring.learning.metrics.quality import CAPACITY
from scoring.learning.metrics.resampling import (
    Interval,
    Ranking,
    rank_scores,
    ranked_average_precision,
)

NAN = float("nan")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class JudgedRows:
    """Held-out events: label int[n], day int[n], entity int[n]; `weights` float[n] or None for once each.

    `known_before` bool[n]: rows whose entity was known to be positive; None if that is not known.
    """

    y: NDArray
    day: NDArray
    entity: NDArray
    weights: NDArray | None = None
    known_before: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class DailyOrder:
    """Rows by day, within a day by a key from the highest down. `first` int[n]: where each row's day begins
    in that order; `day` int[n]: its number from 0.
    """

    rows: NDArray[np.intp]
    first: NDArray[np.intp]
    day: NDArray[np.intp]

    @classmethod
    def of(cls, key: NDArray, day: NDArray) -> "DailyOrder":
        rows = np.lexsort((-np.asarray(key, dtype=np.float64), day))
        days = np.asarray(day)[rows]
        starts = np.flatnonzero(np.append(True, days[1:] != days[:-1])[: len(days)])
        number = np.searchsorted(starts, np.arange(len(days)), side="right") - 1
        return cls(rows, starts[number] if len(days) else starts, number)

    def places(self, weight: Floats) -> tuple[Floats, Floats]:
        """(first place of each row in its day, counted from 0; its number of places), in this order."""
        counted = weight[self.rows]
        before = np.append(0.0, np.cumsum(counted))
        return before[:-1] - before[self.first], counted


@dataclass(frozen=True)
class ScoredModel:
    """A model's scores of the events, prepared so that its metrics can be computed many times.

    `thresholds`: its own, by name.
    """

    rows: JudgedRows
    score: Floats
    thresholds: Mapping[str, float]
    ranking: Ranking
    by_score: DailyOrder
    by_label: DailyOrder
    entities: RankedEntities
    flags: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: JudgedRows, score: NDArray, thresholds: Mapping[str, float]) -> "ScoredModel":
        scores = np.asarray(score, dtype=np.float64)
        return cls(
            rows,
            scores,
            thresholds,
            rank_scores(scores),
            DailyOrder.of(scores, rows.day),
            DailyOrder.of(rows.y, rows.day),
            rank_entities(rows.y, scores, day=rows.day, entity=rows.entity, known_before=rows.known_before),
            {name: scores >= threshold for name, threshold in thresholds.items()},
        )

    def metrics(self, drawn: NDArray | None = None) -> dict[str, float]:
        """The metrics by their stored names if each row is drawn so many times (None: once); NaN where one is
        not defined. `all_metrics`, `entity_metrics` and those at thresholds give the same.
        """
        counted = np.ones(len(self.score)) if self.rows.weights is None else self.rows.weights
        weight = np.asarray(counted if drawn is None else counted * drawn, dtype=np.float64)
        y = np.asarray(self.rows.y, dtype=np.float64)
        copies = None if drawn is None else self.entities.copies_of(drawn)
        found = self.entities.found(capacity=CAPACITY, copies=copies)
        return {
            **_of_ranking(self.ranking, y, weight),
            f"precision_at_{CAPACITY}_a_day": _daily_precision(self.by_score, y, weight),
            f"ndcg_at_{CAPACITY}_a_day": _ndcg(self.by_score, self.by_label, y, weight),
            "entity_precision": found.precision,
            "entities_caught": found.caught,
            "brier": _mean((self.score - y) ** 2, weight),
            "calibration_error": _calibration_error(self.score, y, weight),
            **{name: value for at, flag in self.flags.items() for name, value in _at(at, flag, y, weight)},
        }


class Resampled(Protocol):
    """What is measured of a model on events, again on each resample of them."""

    def metrics(self, drawn: NDArray | None = None) -> dict[str, float]:
        """By name if each event is drawn so many times (None: once); NaN where one is not defined."""


def bootstrap_differences(
    first: Resampled,
    second: Resampled,
    *,
    entity: NDArray,
    samples: int = 200,
    seed: int = 0,
    level: float = 0.95,
    progress: Callable[[int], None] = lambda count: None,
) -> dict[str, Interval]:
    """By metric the first model's value minus the second's, with its percentile interval.

    Whole entities, by the codes int[n] of the events, are drawn, the same for both models (Efron & Tibshirani
    1993, ch. 13). A metric that is not defined for both, or in more than half of the resamples, is left out.
    `progress(1)` is called after each sample.
    """
    codes = np.unique(entity, return_inverse=True)[1]
    size = int(codes.max()) + 1
    rng = np.random.default_rng(seed)
    names = [name for name in first.metrics() if name in second.metrics()]
    drawn = np.empty((samples, len(names)))
    for sample in range(samples):
        counts = np.bincount(rng.integers(0, size, size), minlength=size)[codes]
        drawn[sample] = _differences(names, first.metrics(counts), second.metrics(counts))
        progress(1)
    exact = _differences(names, first.metrics(), second.metrics())
    return {
        name: _interval(exact[at], drawn[:, at], level)
        for at, name in enumerate(names)
        if not np.isnan(exact[at]) and np.isnan(drawn[:, at]).mean() <= 1 / 2
    }


def _differences(names: Sequence[str], one: Mapping[str, float], other: Mapping[str, float]) -> list[float]:
    return [one[name] - other[name] for name in names]


def _interval(estimate: float, drawn: Floats, level: float) -> Interval:
    low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(estimate), float(low), float(high), level, len(drawn))


def _of_ranking(ranking: Ranking, y: Floats, weight: Floats) -> dict[str, float]:
    """The metrics of all thresholds together."""
    hits = np.cumsum((y * weight)[ranking.order])[ranking.tie_ends]
    flagged = np.cumsum(weight[ranking.order])[ranking.tie_ends]
    false = flagged - hits
    positives, negatives = float(hits[-1]), float(false[-1])
    both = positives > 0 and negatives > 0
    return {
        "roc_auc": _area(false, hits) / (positives * negatives) if both else NAN,
        "average_precision": ranked_average_precision(ranking, y, weight),
        "best_f1": float(np.max(2 * hits / (flagged + positives))) if positives > 0 else NAN,
        **{
            f"recall_at_{name}_false_positives": _recall_at(hits, false, rate) if both else NAN
            for name, rate in (("0.1pct", 0.001), ("1pct", 0.01))
        },
    }


def _area(false: Floats, hits: Floats) -> float:
    """The area under hits against false positives, by trapezoids from (0, 0)."""
    return float(np.sum(np.diff(false, prepend=0.0) * (hits + np.append(0.0, hits[:-1])) / 2))


def _recall_at(hits: Floats, false: Floats, rate: float) -> float:
    last = int(np.searchsorted(false, rate * false[-1], side="right")) - 1
    return float(hits[last] / hits[-1]) if last >= 0 else 0.0


def _daily_precision(order: DailyOrder, y: Floats, weight: Floats) -> float:
    before, counted = order.places(weight)
    return _mean(y[order.rows], np.clip(CAPACITY - before, 0, counted))


def _ndcg(by_score: DailyOrder, by_label: DailyOrder, y: Floats, weight: Floats) -> float:
    """As `ranking.ndcg_at_daily_capacity`."""
    best = _discounted(by_label, y, weight)
    reached = _discounted(by_score, y, weight)
    shares = reached[best > 0] / best[best > 0]
    return float(np.mean(shares)) if len(shares) else NAN


def _discounted(order: DailyOrder, y: Floats, weight: Floats) -> Floats:
    """The discounted gain of each day."""
    before, counted = order.places(weight)
    looked_at = np.flatnonzero((before < CAPACITY) & (counted > 0) & (y[order.rows] > 0))
    discount = np.append(0.0, np.cumsum(1 / np.log2(np.arange(2, CAPACITY + 2))))
    places = np.arange(CAPACITY + 1)
    start, end = before[looked_at], before[looked_at] + counted[looked_at]
    gain = np.interp(end, places, discount) - np.interp(start, places, discount)
    days = int(order.day[-1]) + 1 if len(order.day) else 0
    by_day = np.bincount(order.day[looked_at], weights=gain * y[order.rows[looked_at]], minlength=days)
    return by_day.astype(np.float64)


def _calibration_error(score: Floats, y: Floats, weight: Floats) -> float:
    bins = np.clip((score * CALIBRATION_BINS).astype(np.int64), 0, CALIBRATION_BINS - 1)
    differences = np.bincount(bins, weights=weight * (y - score), minlength=CALIBRATION_BINS)
    return float(np.abs(differences).sum() / weight.sum()) if weight.sum() > 0 else NAN


def _at(name: str, flagged: NDArray[np.bool_], y: Floats, weight: Floats) -> list[tuple[str, float]]:
    alarms, hits, positives = (
        float(each.sum()) for each in (weight[flagged], (y * weight)[flagged], y * weight)
    )
    return [
        (f"precision_at_{name}", hits / alarms if alarms else NAN),
        (f"recall_at_{name}", hits / positives if positives else NAN),
        (f"f1_at_{name}", 2 * hits / (alarms + positives) if positives else NAN),
    ]


def _mean(values: Floats, weight: Floats) -> float:
    total = float(weight.sum())
    return float(values @ weight / total) if total > 0 else NAN
