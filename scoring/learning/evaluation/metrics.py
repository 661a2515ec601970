"""How good scores are: pure functions of labels (1 = positive) and scores (higher = more suspicious)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def roc_auc(y: NDArray, score: NDArray) -> float:
    """Probability that a random positive scores above a random negative, ties counting half.

    The Mann-Whitney form: (sum of the positives' mid-ranks - m(m+1)/2) / (m * n). NaN with one class only.
    """
    y = np.asarray(y, dtype=bool)
    positives, negatives = int(y.sum()), int((~y).sum())
    if positives == 0 or negatives == 0:
        return float("nan")
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    mid_rank = np.cumsum(counts) - (counts - 1) / 2.0
    return float((mid_rank[inverse][y].sum() - positives * (positives + 1) / 2.0) / (positives * negatives))


def average_precision(y: NDArray, score: NDArray, weight: NDArray | None = None) -> float:
    """Sum over distinct scores, from the top, of (recall gained) x precision; tied scores enter together.

    `weight` counts each row that many times (how the bootstrap resamples). NaN without positives.
    """
    return _ranked_average_precision(rank_scores(score), np.asarray(y, dtype=np.float64), weight)


def chance_average_precision(
    y: NDArray, *, samples: int = 200, quantile: float = 0.99, seed: int = 0
) -> float:
    """What scores that know nothing reach: the `quantile` of average precision over random orders of `y`."""
    labels = np.asarray(y, dtype=np.float64)
    order = np.arange(len(labels))
    rng = np.random.default_rng(seed)
    drawn = [
        _ranked_average_precision(Ranking(rng.permutation(order), order), labels, None)
        for _ in range(samples)
    ]
    return float(np.quantile(drawn, quantile))


@dataclass(frozen=True)
class Ranking:
    """Rows from the highest score down, and where each run of tied scores ends."""

    order: NDArray[np.intp]
    tie_ends: NDArray[np.intp]


def rank_scores(score: NDArray) -> Ranking:
    """Sort once, so that many resamples of the same scores cost no further sorting."""
    order = np.argsort(-np.asarray(score, dtype=np.float64), kind="stable")
    ordered = np.asarray(score)[order]
    tie_ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)[: len(ordered)])
    return Ranking(order, tie_ends)


def _ranked_average_precision(ranking: Ranking, y: Floats, weight: NDArray | None) -> float:
    counted = np.ones_like(y) if weight is None else np.asarray(weight, dtype=np.float64)
    hits = np.cumsum((y * counted)[ranking.order])[ranking.tie_ends]
    shown = np.cumsum(counted[ranking.order])[ranking.tie_ends]
    if not len(hits) or hits[-1] <= 0:
        return float("nan")
    precision = np.divide(hits, shown, out=np.zeros_like(hits), where=shown > 0)
    return float(np.sum(np.diff(hits, prepend=0.0) * precision) / hits[-1])


def precision_at_daily_capacity(y: NDArray, score: NDArray, day: NDArray, capacity: int = 100) -> float:
    """Share of positives among the `capacity` highest scores of every day, all days pooled.

    `day` is any integer that names the row's day. A day with fewer rows is shown whole; ties keep the given
    order.
    """
    order = np.lexsort((-np.asarray(score, dtype=np.float64), day))
    days = np.asarray(day)[order]
    first_of_day = np.flatnonzero(np.append(True, days[1:] != days[:-1]))
    sizes = np.diff(np.append(first_of_day, len(days)))
    place = np.arange(len(days)) - np.repeat(first_of_day, sizes)
    return float(np.asarray(y, dtype=np.float64)[order][place < capacity].mean())


def recall_at_false_positive_rate(y: NDArray, score: NDArray, rate: float = 0.01) -> float:
    """Highest recall any threshold reaches while at most `rate` of the negatives lie at or above it."""
    ranking = rank_scores(score)
    ordered = np.asarray(y, dtype=np.float64)[ranking.order]
    hits = np.cumsum(ordered)[ranking.tie_ends]
    alarms = np.cumsum(1.0 - ordered)[ranking.tie_ends]
    if not len(hits) or hits[-1] == 0 or alarms[-1] == 0:
        return float("nan")
    allowed = alarms <= rate * alarms[-1]
    return float(hits[allowed].max() / hits[-1]) if allowed.any() else 0.0


def brier_score(y: NDArray, probability: NDArray) -> float:
    """Mean squared distance of the probability from what happened (Brier 1950)."""
    return float(np.mean((np.asarray(probability, dtype=np.float64) - np.asarray(y, dtype=np.float64)) ** 2))


def expected_calibration_error(y: NDArray, probability: NDArray, bins: int = 15) -> float:
    """Mean over rows of |observed rate - mean probability| of their bin; equal widths (Guo et al. 2017)."""
    probability = np.asarray(probability, dtype=np.float64)
    place = np.clip((probability * bins).astype(np.int64), 0, bins - 1)
    observed = np.bincount(place, weights=np.asarray(y, dtype=np.float64), minlength=bins)
    predicted = np.bincount(place, weights=probability, minlength=bins)
    return float(np.abs(observed - predicted).sum() / len(probability))


def precision_and_recall_at(y: NDArray, score: NDArray, threshold: float) -> tuple[float, float]:
    """Precision and recall when every score >= `threshold` raises an alarm; NaN where nothing is divided."""
    flagged = np.asarray(score) >= threshold
    hits = float(np.asarray(y, dtype=np.float64)[flagged].sum())
    positives = float(np.sum(y))
    precision = hits / flagged.sum() if flagged.any() else float("nan")
    return float(precision), (hits / positives if positives else float("nan"))


def all_metrics(*, y: NDArray, score: NDArray, day: NDArray, daily_capacity: int = 100) -> dict[str, float]:
    """The figures every model version is judged by; `score` must be a probability."""
    return {
        "rows": float(len(y)),
        "positives": float(np.sum(y)),
        "base_rate": float(np.mean(y)),
        "roc_auc": roc_auc(y, score),
        "average_precision": average_precision(y, score),
        f"precision_at_{daily_capacity}_a_day": precision_at_daily_capacity(y, score, day, daily_capacity),
        "recall_at_1pct_false_positives": recall_at_false_positive_rate(y, score, 0.01),
        "brier": brier_score(y, score),
        "calibration_error": expected_calibration_error(y, score),
    }


@dataclass(frozen=True)
class Interval:
    """An estimate with the bounds that hold it at `level`."""

    estimate: float
    low: float
    high: float
    level: float
    samples: int


def bootstrap_average_precision_difference(
    *,
    y: NDArray,
    first: NDArray,
    second: NDArray,
    groups: NDArray | Sequence[int] | None = None,
    samples: int = 200,
    seed: int = 0,
    level: float = 0.95,
    progress: Callable[[int], None] = lambda count: None,
) -> Interval:
    """Percentile interval of AP(first) - AP(second), both measured on the same resample (paired).

    Whole `groups` (say, a card's payments) are drawn with replacement, as one compromised card yields
    several frauds and rows are not independent; without groups single rows are drawn. Same seed, same
    interval. `progress` is told of each sample. (Efron & Tibshirani 1993, ch. 13)
    """
    labels = np.asarray(y, dtype=np.float64)
    ranked = rank_scores(first), rank_scores(second)
    codes = np.arange(len(labels)) if groups is None else np.unique(groups, return_inverse=True)[1]
    size = int(codes.max()) + 1
    rng = np.random.default_rng(seed)
    differences = np.empty(samples)
    for draw in range(samples):
        weight = np.bincount(rng.integers(0, size, size), minlength=size)[codes]
        differences[draw] = _difference(ranked, labels, weight)
        progress(1)
    tail = (1.0 - level) / 2.0
    low, high = np.nanquantile(differences, [tail, 1.0 - tail])
    return Interval(_difference(ranked, labels, None), float(low), float(high), level, samples)


def _difference(ranked: tuple[Ranking, Ranking], y: Floats, weight: NDArray | None) -> float:
    return _ranked_average_precision(ranked[0], y, weight) - _ranked_average_precision(ranked[1], y, weight)
