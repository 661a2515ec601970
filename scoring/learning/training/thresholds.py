"""The scores from which events are reviewed and blocked."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix_at_thresholds

from scoring.learning.training.recipe import ThresholdPolicy

NEVER = math.nextafter(1.0, 2.0)  # above every score: rounding can give exactly 1


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


def block_threshold(*, y: NDArray, score: NDArray, policy: ThresholdPolicy) -> float:
    """The lowest score from which precision is `block_precision` with enough alarms; else NEVER."""
    if not len(score):
        return NEVER
    _, false_positives, _, true_positives, thresholds = confusion_matrix_at_thresholds(y, score)
    alarms = true_positives + false_positives
    good = (true_positives >= policy.block_precision * alarms) & (alarms >= policy.block_support)
    return float(thresholds[good].min()) if good.any() else NEVER


def choose_thresholds(
    *,
    y: NDArray,
    score: NDArray,
    days: float,
    policy: ThresholdPolicy,
    stated: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """{"review", "block"}, review <= block: those in `stated`, the others derived from `policy`."""
    chosen = {
        "review": review_threshold(score=score, days=days, policy=policy),
        "block": block_threshold(y=y, score=score, policy=policy),
    }
    chosen |= dict(stated or {})
    if stated and "block" in stated and "review" not in stated:
        chosen["review"] = min(chosen["review"], chosen["block"])
    return {"review": chosen["review"], "block": max(chosen["review"], chosen["block"])}
