"""A sample of a stream that is read once, in bounded memory, with exact weights. Pure.

Each item has an importance, and a priority: its importance divided by a uniform number of its own. The sample
is the items of the highest priorities; one of importance i stands for max(1, t / i) items, where t is the
highest priority that is not in the sample. Sums over any subset, weighted so, have no bias. The top of a
sample is a sample itself, so that a smaller one needs no second pass.

Source: N. Duffield, C. Lund, M. Thorup, Priority sampling for estimation of arbitrary subset sums, Journal of
the ACM 54(6), 2007.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# SplitMix64: G. Steele, D. Lea, C. Flood, Fast splittable pseudorandom number generators, 2014.
_STEP, _MIX_1, _MIX_2 = (
    np.uint64(each) for each in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
_BITS = 53  # of a double

FLOOR = 0.01  # the importance of a decision with a score of 0


def uniform_of(keys: NDArray[np.int64]) -> NDArray[np.float64]:
    """A number in (0, 1) for each key: the same one whenever it is asked for."""
    mixed = keys.astype(np.uint64) + _STEP
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    mixed ^= mixed >> np.uint64(31)
    found: NDArray[np.float64] = ((mixed >> np.uint64(64 - _BITS)).astype(np.float64) + 0.5) / 2**_BITS
    return found


class PrioritySample:
    """Collects the sample of `size` items of structured arrays with the columns `importance`, `priority`."""

    def __init__(self, size: int, dtype: Any) -> None:
        self._size = size
        self._rows = np.empty(0, dtype=dtype)

    def add(self, rows: NDArray[Any]) -> None:
        self._rows = top_of(np.concatenate([self._rows, rows]), self._size + 1)

    def rows(self) -> NDArray[Any]:
        """The items of the highest priorities, highest first, and one more: the first that is left out."""
        return self._rows


def top_of(rows: NDArray[Any], count: int) -> NDArray[Any]:
    """The `count` rows of the highest priorities, the highest first."""
    order = np.argsort(-rows["priority"], kind="stable")[:count]
    found: NDArray[Any] = rows[order]
    return found


def weighted(rows: NDArray[Any], size: int) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """The first `size` of rows in order of priority, and how many items each stands for.

    All rows, each for itself, if there are no more than `size`.
    """
    if len(rows) <= size:
        return rows, np.ones(len(rows))
    chosen, limit = rows[:size], float(rows["priority"][size])
    return chosen, np.maximum(1.0, limit / chosen["importance"])


def importance_of(score: NDArray[np.float64], positive: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How much decisions matter for a policy: fraud and high scores the most."""
    found: NDArray[np.float64] = np.where(positive, 1.0, np.minimum(FLOOR + score, 1.0))
    return found
