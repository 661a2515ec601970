"""The scores from which events are reviewed and blocked."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix_at_thresholds

from scoring.learning.training.recipe import ThresholdPolicy

NEVER = math.nextafter(1.0, 2.0)  # above every score: rounding can give exactly 1


class Judged(NamedTuple):
    """Labels int8[n] and scores float64[n] of events; `weights`: how often each counts, None for once."""

    y: NDArray
    score: NDArray
    weights: NDArray | None = None


def review_threshold(*, score: NDArray, days: float, policy: ThresholdPolicy) -> float:
    """The score that at most `reviews_a_day * days` of these scores reach, never below `min_review_score`."""
    capacity = int(policy.reviews_a_day * days)
    if capacity >= len(score):
        return policy.min_review_score
    ordered = np.sort(score)[::-1]
    within_capacity = ordered[ordered > ordered[capacity]]
    if len(within_capacity) == 0:
        return NEVER
    return max(float(within_capacity[-1]), policy.min_review_score)


def block_threshold(
    *, y: NDArray, score: NDArray, policy: ThresholdPolicy, weights: NDArray | None = None
) -> float:
    """The lowest score from which precision is `block_precision` with enough alarms; else NEVER.

    `weights`: how often each row counts for precision, None for once. Each is one alarm. Among positives
    almost every threshold is precise, which says nothing of later negatives. So there must be
    `block_support` negatives too; with fewer, NEVER.
    """
    if int((y <= 0).sum()) < policy.block_support:
        return NEVER
    _, false_positives, _, true_positives, thresholds = confusion_matrix_at_thresholds(
        y, score, sample_weight=weights
    )
    precise = true_positives >= policy.block_precision * (true_positives + false_positives)
    alarms = len(score) - np.searchsorted(np.sort(score), thresholds, side="left")
    good = precise & (alarms >= policy.block_support)
    return float(thresholds[good].min()) if good.any() else NEVER


def choose_thresholds(
    *,
    y: NDArray,
    score: NDArray,
    days: float,
    policy: ThresholdPolicy,
    stated: Mapping[str, float] | None = None,
    weights: NDArray | None = None,
    unknown: NDArray | None = None,
    earlier: Judged | None = None,
) -> dict[str, float]:
    """{"review", "block"}, review <= block: those in `stated`, the others derived from `policy`.

    `weights`: see `block_threshold`. `unknown`: scores of the events of the same time whose label is unknown,
    which take part of the capacity. `earlier`: events of earlier times; blocks must be precise among all
    events as well.
    """
    judged = Judged(y, score, weights)
    traffic = score if unknown is None else np.concatenate([score, unknown])
    chosen = {
        "review": review_threshold(score=traffic, days=days, policy=policy),
        "block": max(_block_threshold(each, policy) for each in _times_to_hold(judged, earlier)),
    }
    chosen |= dict(stated or {})
    if stated and "block" in stated and "review" not in stated:
        chosen["review"] = min(chosen["review"], chosen["block"])
    return {"review": chosen["review"], "block": max(chosen["review"], chosen["block"])}


def _block_threshold(judged: Judged, policy: ThresholdPolicy) -> float:
    return block_threshold(y=judged.y, score=judged.score, policy=policy, weights=judged.weights)


def _times_to_hold(judged: Judged, earlier: Judged | None) -> list[Judged]:
    return [judged] if earlier is None else [judged, _joined(earlier, judged)]


def _joined(first: Judged, second: Judged) -> Judged:
    weights = [np.ones(len(part.y)) if part.weights is None else part.weights for part in (first, second)]
    return Judged(
        np.concatenate([first.y, second.y]),
        np.concatenate([first.score, second.score]),
        np.concatenate(weights),
    )
