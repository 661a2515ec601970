"""Medians of times that are counted in steps, each of which knows the sum of its times."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from itertools import accumulate
from typing import NamedTuple


class TimeStep(NamedTuple):
    """How many times are in a step, and their sum in seconds."""

    step: float
    number: int
    seconds: float


def median_of_steps(steps: Iterable[TimeStep]) -> float | None:
    """The median of times in seconds, each taken as the mean of its step; None without times.

    A step may occur several times.
    """
    counts, seconds = defaultdict[float, int](int), defaultdict[float, float](float)
    for step, number, total in steps:
        counts[step] += number
        seconds[step] += total
    if not counts:
        return None
    order = sorted(counts)
    upto = list(accumulate(counts[step] for step in order))
    middle = [order[bisect_left(upto, place)] for place in ((upto[-1] + 1) // 2, upto[-1] // 2 + 1)]
    return sum(seconds[step] / counts[step] for step in middle) / 2
