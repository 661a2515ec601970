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


def block_threshold(
    *, y: NDArray, score: NDArray, policy: ThresholdPolicy, weights: NDArray | None = None
) -> float:
    """The lowest score from which precision is `block_precision` with enough alarms; else NEVER.

    `weights`: how often each row counts for precision, None for once. Each is one alarm. Among positives
    alone every threshold is precise, which says nothing of later negatives: NEVER.
    """
    if (y > 0).all():  # or no rows
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
) -> dict[str, float]:
    """{"review", "block"}, review <= block: those in `stated`, the others derived from `policy`.

    `weights`: see `block_threshold`. `unknown`: scores of the events of the same time whose label is unknown,
    which take part of the capacity.
    """
    traffic = score if unknown is None else np.concatenate([score, unknown])
    chosen = {
        "review": review_threshold(score=traffic, days=days, policy=policy),
        "block": block_threshold(y=y, score=score, policy=policy, weights=weights),
    }
    chosen |= dict(stated or {})
    if stated and "block" in stated and "review" not in stated:
        chosen["review"] = min(chosen["review"], chosen["block"])
    return {"review": chosen["review"], "block": max(chosen["review"], chosen["block"])}
