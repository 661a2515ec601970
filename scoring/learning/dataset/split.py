"""Splits history by time into the slices that a training run needs. Nothing is ever split at random."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DAY_US = 86_400_000_000
CUT_BY = "share of events"  # as in the lineage; models without it were split by share of the time span
MIN_SPAN_DAYS = 1.0
MAX_STRETCH = 3.0  # times its share: the size up to which a slice is extended to find enough positives
DEFAULT_GAP_DAYS = 14.0
MIN_TRAIN_SHARE = 0.4  # of the rows, including the gap, kept for training when other slices are extended

Times = NDArray[np.int64]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class SplitShares:
    """Shares of the events, oldest first, with `gap_days` between training and validation.

    The gap is the label delay: a live model has not seen the labels of the last weeks, so the number of trees
    must not be chosen on rows that directly follow the training rows. None: as long as labels take
    (`label_delay`). Likewise, the calibration slice separates validation from test.
    """

    train: float = 0.70
    validation: float = 0.10
    calibration: float = 0.10
    test: float = 0.10
    gap_days: float | None = None

    @property
    def gap_us(self) -> float:
        """The gap in microseconds, DEFAULT_GAP_DAYS if it is not stated."""
        return (DEFAULT_GAP_DAYS if self.gap_days is None else self.gap_days) * DAY_US

    def without_test(self) -> "SplitShares":
        """The shares if the test events come after the cut-off: the test share goes to training."""
        return SplitShares(self.train + self.test, self.validation, self.calibration, 0.0, self.gap_days)


@dataclass(frozen=True)
class MinPositives:
    """The minimum number of positives in the training slice and in each held-out slice."""

    train: int = 20
    held_out: int = 5

    @classmethod
    def of(cls, minimum: int) -> "MinPositives":
        """The minimums, given that of the training slice."""
        return cls(minimum, max(minimum // 4, 1))


@dataclass(frozen=True)
class TimeSlices:
    """Row numbers of every slice; `gap` is between training and validation."""

    train: Rows
    gap: Rows
    validation: Rows
    calibration: Rows
    test: Rows


def split_by_time(*, occurred_at: Times, y: NDArray, shares: SplitShares, needs: MinPositives) -> TimeSlices:
    """TimeSlices of rows ordered by `occurred_at` (us), each with its share of the rows.

    Rows with the same time stay together. A slice with too few positives is extended backward, to at most
    MAX_STRETCH times its share, as long as training and the slices before it keep their minimum. The gap is
    taken from the training slice: at most half of its rows, and fewer if training would lose its positives. A
    slice may still be too small; `requirements` reports that.
    """
    order = np.argsort(occurred_at, kind="stable")
    history = _Ordered.of(occurred_at[order], y[order])
    total = shares.train + shares.validation + shares.calibration + shares.test
    judging = np.array([shares.test, shares.calibration, shares.validation]) / total
    left = MIN_TRAIN_SHARE + judging.sum() - np.cumsum(judging)
    starts, end = [], len(order)
    for share, kept in zip(judging, left, strict=True):
        end = history.start_of_slice(end, share=share, kept=kept, positives=needs.held_out) if share else end
        starts.append(end)
    test, calibration, validation = starts
    gap = history.start_of_gap(validation, gap_us=shares.gap_us, positives=needs.train)
    edges = [gap, validation, calibration, test]
    return TimeSlices(*(np.sort(rows) for rows in np.split(order, edges)))


@dataclass(frozen=True)
class _Ordered:
    """Rows in time order. `moments`: the first row of each distinct time; `positives` [n + 1]: the number of
    positives before each row.
    """

    times: Times
    moments: Rows
    positives: NDArray[np.int64]

    @classmethod
    def of(cls, times: Times, y: NDArray) -> "_Ordered":
        moments = np.flatnonzero(np.append(True, times[1:] != times[:-1])[: len(times)])
        return cls(times, moments, np.append(0, np.cumsum(y == 1)))

    def start_of_slice(self, end: int, *, share: float, kept: float, positives: int) -> int:
        """The first row of the slice that ends before row `end`, after the first `kept` share of all rows."""
        rows = share * len(self.times)
        ideal = self._nearest_moment(end - rows, before=end)
        # The latest start with enough positives.
        wanted = self.positives[end] - positives
        latest = int(np.searchsorted(self.positives, wanted, side="right")) - 1 if wanted >= 0 else 0
        furthest = self._nearest_moment(max(end - MAX_STRETCH * rows, kept * len(self.times)), before=end)
        return min(ideal, max(self._moment_at(latest), furthest))

    def start_of_gap(self, end: int, *, gap_us: float, positives: int) -> int:
        """The first row of the gap that ends before row `end`; `end` itself for no gap."""
        if end == 0:
            return 0
        by_time = int(np.searchsorted(self.times, self.times[min(end, len(self.times) - 1)] - gap_us))
        by_rows = self._moment_from((end + 1) // 2)
        enough = self._moment_from(int(np.searchsorted(self.positives, positives, side="left")))
        return min(max(by_time, by_rows, enough), end)

    def _nearest_moment(self, place: float, *, before: int) -> int:
        """The first row of a moment that is nearest to `place` and lies before `before`."""
        there = self.moments[: int(np.searchsorted(self.moments, before))]
        return int(there[np.argmin(np.abs(there - place))]) if len(there) else 0

    def _moment_at(self, place: int) -> int:
        """The first row with the same time as the row at `place`."""
        return int(self.moments[max(int(np.searchsorted(self.moments, place, side="right")) - 1, 0)])

    def _moment_from(self, place: int) -> int:
        """The first row of the first moment that begins at `place` or later; the end if there is none."""
        number = int(np.searchsorted(self.moments, place))
        return int(self.moments[number]) if number < len(self.moments) else len(self.times)
