"""Events grouped by owner and by (owner, value), counted over periods in a fixed order."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.batch.views import Places


@dataclass(frozen=True, slots=True)
class Owners:
    """The owner of each of n events: `codes` int64[n] from 0 to `count` - 1, -1 for none."""

    codes: Places
    count: int

    def tally(self, rows: slice, weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Per owner how many of these events there are, or the sum of their weights in order of time."""
        return _tally(self.codes[rows], self.count, None if weights is None else weights[rows])


def _tally(codes: Places, count: int, weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    known = codes >= 0
    if not known.all():
        codes, weights = codes[known], None if weights is None else weights[known]
    return np.bincount(codes, weights=weights, minlength=count).astype(np.float64)


def divided(sums: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """sums / counts; NaN where nothing was counted."""
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)


class Pairs:
    """Which (owner, value) each event is, as codes ascending by owner and then by value."""

    def __init__(self, owners: Owners, values: Places) -> None:
        known = (owners.codes >= 0) & (values >= 0)
        width = int(values.max(initial=0)) + 1
        pairs, codes = np.unique(owners.codes[known] * width + values[known], return_inverse=True)
        self._codes = np.full(len(values), -1, dtype=np.int64)
        self._codes[known] = codes
        self.owners, self.values = pairs // width, pairs % width
        self._count = owners.count

    def tally(self, rows: slice) -> NDArray[np.float64]:
        """Per pair how many of these events there are."""
        return _tally(self._codes[rows], len(self.owners))

    def total(self, per_pair: NDArray[np.float64]) -> NDArray[np.float64]:
        """Per owner the sum over its pairs, in the order of the values."""
        return _tally(self.owners, self._count, per_pair)

    def largest(self, per_pair: NDArray[np.float64]) -> NDArray[np.float64]:
        """Per owner the largest of its pairs', 0 without any."""
        largest = np.zeros(self._count)
        if len(self.owners):
            firsts = np.flatnonzero(np.diff(self.owners, prepend=-1))
            largest[self.owners[firsts]] = np.maximum.reduceat(per_pair, firsts)
        return largest
