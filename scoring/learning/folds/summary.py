"""Folds in figures: the mean and the spread of every metric, and differences from the first contender."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from scoring.learning.explanation.over_folds import importance_over_folds
from scoring.learning.folds.run import FoldResult, describe_result
from scoring.learning.metrics.resampling import Interval, bootstrap_average_precision_difference


class Spread(NamedTuple):
    """`deviation`: the sample standard deviation over folds; None with a single one."""

    mean: float
    deviation: float | None
    folds: int


def spread_of(values: Sequence[float | None]) -> Spread | None:
    """The spread of the folds in which the metric is defined; None if there are none.

    >>> spread_of([1.0, None, 3.0])
    Spread(mean=2.0, deviation=1.4142135623730951, folds=2)
    """
    known = [value for value in values if value is not None]
    if not known:
        return None
    deviation = float(np.std(known, ddof=1)) if len(known) > 1 else None
    return Spread(float(np.mean(known)), deviation, len(known))


def metric_spreads(results: Sequence[FoldResult]) -> dict[str, dict[str, Spread | None]]:
    """For each contender and metric its spread over the folds."""
    return {
        name: {
            metric: spread_of([result.metrics[name][metric] for result in results])
            for metric in results[0].metrics[name]
        }
        for name in results[0].metrics
    }


class Difference(NamedTuple):
    """How a contender's average precision differs from the first one's.

    `mean` over folds, with the bootstrap interval [`low`, `high`]; `better`: the folds in which the contender
    is better.
    """

    mean: float
    low: float
    high: float
    better: int
    folds: int


def differences(results: Sequence[FoldResult], *, samples: int = 200, seed: int = 0) -> dict[str, Difference]:
    """For each contender but the first, its difference from the first.

    Each fold's difference is resampled by whole entities; the interval is that of the mean over folds. Their
    errors are taken as independent if each fold has test events of its own, and as equal if tests overlap,
    which stated origins allow.
    """
    first, *others = results[0].scores
    return {name: _difference(results, first, name, samples=samples, seed=seed) for name in others}


def _difference(
    results: Sequence[FoldResult], first: str, other: str, *, samples: int, seed: int
) -> Difference:
    intervals = [
        bootstrap_average_precision_difference(
            y=result.y,
            first=result.scores[other],
            second=result.scores[first],
            groups=result.groups,
            weights=result.weights,
            samples=samples,
            seed=seed,
        )
        for result in results
    ]
    mean = float(np.mean([each.estimate for each in intervals]))
    halves = np.array([_half_width(each) for each in intervals])
    half = float(halves.mean() if _overlap(results) else np.sqrt(np.sum(halves**2)) / len(halves))
    better = sum(each.estimate > 0 for each in intervals)
    return Difference(mean, mean - half, mean + half, better, len(intervals))


def _overlap(results: Sequence[FoldResult]) -> bool:
    """Whether tests of folds, which are in order, share events."""
    return any(later.fold.origin < earlier.fold.until for earlier, later in pairwise(results))


def _half_width(interval: Interval) -> float:
    return (interval.high - interval.low) / 2


def describe_comparison(results: Sequence[FoldResult], *, samples: int) -> dict[str, Any]:
    """{"folds", "order", "contenders", "differences", "importance"}: all but the scores, as JSON values."""
    described = {
        "folds": [describe_result(result) for result in results],
        "importance": {
            name: importance_over_folds([result.importance[name] for result in results])
            for name in results[0].importance
        },
    }
    return described | describe_summary(results, samples=samples)


def describe_summary(results: Sequence[FoldResult], *, samples: int) -> dict[str, Any]:
    """Spreads and differences as JSON values. "order": of the contenders, which objects in the log lack."""
    return {
        "order": list(results[0].scores),
        "contenders": {
            name: {metric: _stored(spread) for metric, spread in found.items()}
            for name, found in metric_spreads(results).items()
        },
        "differences": {
            name: found._asdict() for name, found in differences(results, samples=samples).items()
        },
    }


def _stored(spread: Spread | None) -> Mapping[str, Any] | None:
    return None if spread is None else spread._asdict()
