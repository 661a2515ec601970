"""Average precision on hundreds of resamples of the same rows.

scikit-learn's function would sort the scores for each of them and take three to four times as long, so
the rows are sorted once here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """An estimate with the bounds that contain it at confidence `level`."""

    estimate: float
    low: float
    high: float
    level: float
    samples: int


def chance_average_precision(
    y: NDArray,
    *,
    samples: int = 200,
    quantile: float = 0.99,
    seed: int = 0,
    weights: NDArray | None = None,
) -> float:
    """What uninformative scores reach: the `quantile` of average precision over random orders of `y`."""
    labels = np.asarray(y, dtype=np.float64)
    order = np.arange(len(labels))
    rng = np.random.default_rng(seed)
    drawn = [
        ranked_average_precision(Ranking(rng.permutation(order), order), labels, weights)
        for _ in range(samples)
    ]
    return float(np.quantile(drawn, quantile))


def bootstrap_average_precision_difference(
    *,
    y: NDArray,
    first: NDArray,
    second: NDArray,
    groups: NDArray | Sequence[int] | None = None,
    samples: int = 200,
    seed: int = 0,
    level: float = 0.95,
    weights: NDArray | None = None,
    progress: Callable[[int], None] = lambda count: None,
) -> Interval:
    """Percentile interval of AP(first) - AP(second), both measured on the same resample (paired).

    Whole `groups` (say, a card's payments) are drawn with replacement, because one compromised card yields
    several frauds and rows are not independent; without groups single rows are drawn. The same seed gives the
    same interval. `weights`: how often each row counts, None for once. `progress(1)` is called after each
    sample. (Efron & Tibshirani 1993, ch. 13)
    """
    labels = np.asarray(y, dtype=np.float64)
    rankings = rank_scores(first), rank_scores(second)
    codes = np.arange(len(labels)) if groups is None else np.unique(groups, return_inverse=True)[1]
    size = int(codes.max()) + 1
    rng = np.random.default_rng(seed)
    differences = np.empty(samples)
    for draw in range(samples):
        drawn = np.bincount(rng.integers(0, size, size), minlength=size)[codes]
        differences[draw] = _difference(rankings, labels, drawn if weights is None else drawn * weights)
        progress(1)
    tail = (1.0 - level) / 2.0
    low, high = np.nanquantile(differences, [tail, 1.0 - tail])
    return Interval(_difference(rankings, labels, weights), float(low), float(high), level, samples)


def bootstrap_average_precision(
    *,
    y: NDArray,
    score: NDArray,
    groups: NDArray | None = None,
    samples: int = 200,
    seed: int = 0,
    level: float = 0.95,
    weights: NDArray | None = None,
) -> Interval:
    """Percentile interval of average precision; whole `groups` are drawn, as in the paired difference."""
    labels = np.asarray(y, dtype=np.float64)
    ranking = rank_scores(score)
    codes = np.arange(len(labels)) if groups is None else np.unique(groups, return_inverse=True)[1]
    size = int(codes.max()) + 1
    rng = np.random.default_rng(seed)
    found = np.empty(samples)
    for draw in range(samples):
        drawn = np.bincount(rng.integers(0, size, size), minlength=size)[codes]
        found[draw] = ranked_average_precision(ranking, labels, drawn if weights is None else drawn * weights)
    tail = (1.0 - level) / 2.0
    low, high = np.nanquantile(found, [tail, 1.0 - tail])
    return Interval(
        ranked_average_precision(ranking, labels, weights), float(low), float(high), level, samples
    )


@dataclass(frozen=True)
class Ranking:
    """Row numbers from the highest score down, and where each run of tied scores ends."""

    order: NDArray[np.intp]
    tie_ends: NDArray[np.intp]


def rank_scores(score: NDArray) -> Ranking:
    """The ranking of scores float[n]."""
    order = np.argsort(-np.asarray(score, dtype=np.float64), kind="stable")
    ordered = np.asarray(score)[order]
    return Ranking(order, np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)))


def ranked_average_precision(ranking: Ranking, y: Floats, weight: NDArray | None = None) -> float:
    """As `metrics.average_precision`, with each row counted `weight` times; NaN without positives."""
    counted = np.ones_like(y) if weight is None else np.asarray(weight, dtype=np.float64)
    hits = np.cumsum((y * counted)[ranking.order])[ranking.tie_ends]
    flagged = np.cumsum(counted[ranking.order])[ranking.tie_ends]
    if not len(hits) or hits[-1] <= 0:
        return float("nan")
    precision = np.divide(hits, flagged, out=np.zeros_like(hits), where=flagged > 0)
    return float(np.sum(np.diff(hits, prepend=0.0) * precision) / hits[-1])


def _difference(rankings: tuple[Ranking, Ranking], y: Floats, weight: NDArray | None = None) -> float:
    return ranked_average_precision(rankings[0], y, weight) - ranked_average_precision(rankings[1], y, weight)
