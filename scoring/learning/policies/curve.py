"""Precision, recall and money over the threshold, and the thresholds that a capacity allows. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.learning.policies.judged import JudgedEvents
from scoring.rules.policies.costs import NEVER

MAX_POINTS = 120
MIN_REVIEW_SCORE = 0.05  # a less likely event is not worth a review, even if reviewers are idle


@dataclass(frozen=True)
class Curve:
    """What a single threshold separates, for thresholds float64[k] in descending order.

    `precision` and `recall` of the events at or above it; `events`, `good`: how many of them a day; `caught`
    and `refused`: the money of their fraud and of their good events, in minor units a day.
    """

    threshold: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    events: NDArray[np.float64]
    good: NDArray[np.float64]
    caught: NDArray[np.float64]
    refused: NDArray[np.float64]


def measure_curve(events: JudgedEvents, rows: NDArray[np.bool_] | None = None) -> Curve:
    """The curve of these events, at up to MAX_POINTS of their scores; tied scores enter together."""
    chosen = np.arange(len(events.score)) if rows is None else np.flatnonzero(rows)
    order = chosen[np.argsort(-events.score[chosen], kind="stable")]
    score, weight = events.score[order], events.weight[order] / events.days
    fraud = weight * events.positive[order]
    sums = np.cumsum(
        np.stack([weight, fraud, weight * events.stake[order], fraud * events.stake[order]]), axis=1
    )
    ends = np.flatnonzero(np.append(score[1:] != score[:-1], True)) if len(score) else np.arange(0)
    at = ends[_thinned(score[ends])]
    total, positives, money, fraud_money = sums[:, at]
    return Curve(
        threshold=score[at],
        precision=np.divide(positives, total, out=np.zeros(len(at)), where=total > 0),
        recall=positives / max(float(sums[1, -1]), 1e-12) if len(score) else positives,
        events=total,
        good=total - positives,
        caught=fraud_money,
        refused=money - fraud_money,
    )


def _thinned(falling: NDArray[np.float64]) -> NDArray[np.int64]:
    """Up to MAX_POINTS places of falling scores: half evenly by score, half by rank, and both ends."""
    if len(falling) <= MAX_POINTS:
        return np.arange(len(falling))
    half = MAX_POINTS // 2
    by_score = np.searchsorted(-falling, -np.linspace(falling[0], falling[-1], half))
    by_rank = np.linspace(0, len(falling) - 1, half).astype(np.int64)
    ends = np.array([0, len(falling) - 1])
    return np.unique(np.concatenate([np.minimum(by_score, len(falling) - 1), by_rank, ends]))


def threshold_for_capacity(
    score: NDArray[np.float64], weight: NDArray[np.float64], *, days: float, cases_a_day: int, below: float
) -> float:
    """The lowest score from which at most `cases_a_day` events a day are reviewed.

    `below`: the threshold of the next more severe outcome, from which events are not reviewed. NEVER if even
    the events that share the highest score are too many; never below MIN_REVIEW_SCORE.
    """
    reviewed = score < below
    levels, place = np.unique(score[reviewed], return_inverse=True)
    counts = np.bincount(place, weights=weight[reviewed], minlength=len(levels))
    at_or_above = np.cumsum(counts[::-1])[::-1] / days
    fitting = levels[at_or_above <= cases_a_day]
    if not len(fitting):
        return NEVER if len(levels) else min(MIN_REVIEW_SCORE, below)
    return float(max(fitting[0], min(MIN_REVIEW_SCORE, below)))
