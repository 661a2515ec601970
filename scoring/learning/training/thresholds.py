"""The scores from which events are reviewed and blocked."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
    *,
    y: NDArray,
    score: NDArray,
    policy: ThresholdPolicy,
    weights: NDArray | None = None,
    earlier: Judged | None = None,
) -> float:
    """The lowest score from which precision is `block_precision` with enough alarms; else NEVER.

    `weights`: how often each row counts for precision, None for once. Each is one alarm. Among positives
    almost every threshold is precise, which says nothing of later negatives. So there must be
    `block_support` negatives too; with fewer, NEVER. `earlier`: further events; the same must hold among all
    of them together as well.
    """
    if int((y <= 0).sum()) < policy.block_support:
        return NEVER
    judged = Judged(y, score, weights)
    alone = _lowest_precise(np.unique(score), [judged], policy)
    if earlier is None or alone == NEVER:
        return alone
    both = _joined(earlier, judged)
    return _lowest_precise(np.unique(both.score[both.score >= alone]), [judged, both], policy)


def _lowest_precise(candidates: NDArray, parts: Sequence[Judged], policy: ThresholdPolicy) -> float:
    """The first of the ascending candidates that is precise in each of the parts; NEVER without one."""
    precise = np.logical_and.reduce([_is_precise(part, candidates, policy) for part in parts])
    return float(candidates[np.argmax(precise)]) if precise.any() else NEVER


def _is_precise(judged: Judged, thresholds: NDArray, policy: ThresholdPolicy) -> NDArray[np.bool_]:
    """bool[k]: whether the events from each of these scores on are precise and numerous enough."""
    order = np.argsort(judged.score, kind="stable")
    first = np.searchsorted(judged.score[order], thresholds, side="left")
    weight = np.ones(len(order)) if judged.weights is None else judged.weights[order]
    flagged, hits = (_sums_from(each, first) for each in (weight, weight * (judged.y[order] > 0)))
    alarms = len(order) - first
    return (hits >= policy.block_precision * flagged) & (alarms >= policy.block_support)


def _sums_from(values: NDArray, first: NDArray[np.intp]) -> NDArray:
    """The sum of the values from each place on."""
    return np.append(np.cumsum(values[::-1])[::-1], 0.0)[first]


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
    which take part of the capacity. `earlier`: events of earlier times; see `block_threshold`.
    """
    traffic = score if unknown is None else np.concatenate([score, unknown])
    chosen = {
        "review": review_threshold(score=traffic, days=days, policy=policy),
        "block": block_threshold(y=y, score=score, policy=policy, weights=weights, earlier=earlier),
    }
    chosen |= dict(stated or {})
    if stated and "block" in stated and "review" not in stated:
        chosen["review"] = min(chosen["review"], chosen["block"])
    return {"review": chosen["review"], "block": max(chosen["review"], chosen["block"])}


def _joined(first: Judged, second: Judged) -> Judged:
    weights = [np.ones(len(part.y)) if part.weights is None else part.weights for part in (first, second)]
    return Judged(
        np.concatenate([first.y, second.y]),
        np.concatenate([first.score, second.score]),
        np.concatenate(weights),
    )
