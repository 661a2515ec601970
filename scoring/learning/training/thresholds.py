"""From which score on an event is reviewed, and from which it is blocked."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix_at_thresholds

from scoring.learning.training.recipe import ThresholdPolicy

NEVER = math.nextafter(1.0, 2.0)  # above every score: one of exactly 1 is possible, by rounding


def review_threshold(*, score: NDArray, days: float, policy: ThresholdPolicy) -> float:
    """The score that at most `reviews_a_day * days` of these scores reach, never below `worth_a_look`."""
    seats = int(policy.reviews_a_day * days)
    if seats >= len(score):
        return policy.worth_a_look
    ordered = np.sort(score)[::-1]
    above_the_last_seat = ordered[ordered > ordered[seats]]
    if len(above_the_last_seat) == 0:
        return NEVER
    return max(float(above_the_last_seat[-1]), policy.worth_a_look)


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
    """{"review", "block"}, review <= block: stated ones as stated, the others from `policy` on these rows."""
    chosen = {
        "review": review_threshold(score=score, days=days, policy=policy),
        "block": block_threshold(y=y, score=score, policy=policy),
    }
    chosen |= dict(stated or {})
    if stated and "block" in stated and "review" not in stated:
        chosen["review"] = min(chosen["review"], chosen["block"])
    return {"review": chosen["review"], "block": max(chosen["review"], chosen["block"])}
