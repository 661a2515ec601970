"""Cutting history by time into the slices a training run needs. Nothing is ever split at random."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.errors import NotEnoughHistory

DAY_US = 86_400_000_000


@dataclass(frozen=True)
class SplitShares:
    """Shares of the time span, oldest first; `gap_days` of it lie between training and validation.

    The gap is the label delay: a live model has never seen the labels of the last weeks, so the number of
    trees must not be chosen on rows that directly follow its training rows. The calibration slice keeps the
    test slice at a distance likewise.
    """

    train: float = 0.70
    validation: float = 0.10
    calibration: float = 0.10
    test: float = 0.10
    gap_days: float = 14.0

    def without_test(self) -> "SplitShares":
        """The test slice lies elsewhere (after the cut-off): its share goes to training."""
        return SplitShares(self.train + self.test, self.validation, self.calibration, 0.0, self.gap_days)


@dataclass(frozen=True)
class Slices:
    """Row numbers of every slice; `gap` rows are between train and validation."""

    train: NDArray[np.intp]
    gap: NDArray[np.intp]
    validation: NDArray[np.intp]
    calibration: NDArray[np.intp]
    test: NDArray[np.intp]


def split_by_time(*, occurred_at: NDArray[np.int64], shares: SplitShares) -> Slices:
    """Slices of rows by `occurred_at` (us). The gap is cut from the training slice, at most half of it.

    Raises NotEnoughHistory when the span is shorter than a week: slices of hours say nothing.
    """
    if len(occurred_at) == 0:
        raise NotEnoughHistory(days=0.0, needed=7.0)
    first, last = int(occurred_at.min()), int(occurred_at.max()) + 1
    span = last - first
    if span < 7 * DAY_US:
        raise NotEnoughHistory(days=span / DAY_US, needed=7.0)
    total = shares.train + shares.validation + shares.calibration + shares.test
    ends = first + np.cumsum([shares.train, shares.validation, shares.calibration]) / total * span
    gap = min(shares.gap_days * DAY_US, shares.train / total * span / 2)
    edges = np.array([ends[0] - gap, *ends], dtype=np.int64)
    place = np.searchsorted(edges, occurred_at, side="right")
    return Slices(*(np.flatnonzero(place == number) for number in range(5)))
