"""The events and positives that training needs, and advice on which other window of the data has them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from scoring.learning.dataset.outliers import find_outliers
from scoring.learning.dataset.selection import SelectionHistory
from scoring.learning.dataset.split import (
    DAY_US,
    MIN_SPAN_DAYS,
    MinPositives,
    SplitShares,
    TimeSlices,
    split_by_time,
)
from scoring.learning.dataset.training_set import UNLABELED, LabelHistory, TrainingSet
from scoring.learning.errors import NotEnoughHistory, NotEnoughPositives
from scoring.timestamps import from_micros, to_micros

MATURITIES = (0, 1, 3, 7, 14, 30, 60, 90)  # days, tried in this order
MIN_MOMENTS = 4  # one for each slice
WINDOW_EDGES = 20  # moments tried as the start or end of a window


def require_history(data: TrainingSet) -> None:
    """Raises NotEnoughHistory unless the events span at least MIN_SPAN_DAYS."""
    days = span_days(data.occurred_at)
    if days < MIN_SPAN_DAYS:
        raise NotEnoughHistory(event_type=data.event_type, rows=len(data.y), days=days, needed=MIN_SPAN_DAYS)


def require_positives(data: TrainingSet, slices: TimeSlices, needs: MinPositives, *, with_test: bool) -> None:
    """Raises NotEnoughPositives for the newest slice with too few of them."""
    name = newest_insufficient_slice(data.y, slices, needs, with_test=with_test)
    if name is None:
        return
    rows = getattr(slices, name)
    raise NotEnoughPositives(
        event_type=data.event_type,
        slice_name=name,
        found=int(data.y[rows].sum()),
        needed=needs.train if name == "train" else needs.held_out,
        stretch=describe_stretch(data.occurred_at[rows]),
        positives=describe_positives(data.occurred_at[data.y == 1]),
    )


def newest_insufficient_slice(
    y: NDArray, slices: TimeSlices, needs: MinPositives, *, with_test: bool
) -> str | None:
    """The newest slice with too few positives; the slices before it depend on where it begins."""
    names = (["test"] if with_test else []) + ["calibration", "validation", "train"]
    for name in names:
        needed = needs.train if name == "train" else needs.held_out
        if int(y[getattr(slices, name)].sum()) < needed:
            return name
    return None


def span_days(times: NDArray[np.int64]) -> float:
    """Days from the first to the last time; 0 without any."""
    return (int(times.max()) - int(times.min())) / DAY_US if len(times) else 0.0


def describe_stretch(times: NDArray[np.int64]) -> str:
    """As in "600 events, 2025-05-01 to 2025-05-09"."""
    return f"{len(times):,} events, {_days(times)}" if len(times) else "no events"


def describe_positives(times: NDArray[np.int64]) -> str:
    """The period of all positives, and that of the middle 80 % if the ends are sparse."""
    if not len(times):
        return "No mature event is labeled positive."
    period = f"All {len(times):,} mature positives are from {_days(times)}"
    middle = np.sort(times)[len(times) // 10 : len(times) - len(times) // 10]
    sparse = span_days(middle) < 0.6 * span_days(times)
    return f"{period}, 80 % of them from {_days(middle)}." if sparse else f"{period}."


def _days(times: NDArray[np.int64]) -> str:
    first, last = (f"{from_micros(int(edge)):%Y-%m-%d}" for edge in (times.min(), times.max()))
    return first if first == last else f"{first} to {last}"


@dataclass(frozen=True)
class TrainingWindow:
    """The events a training can use: those from `since` on that are mature at `as_of`."""

    as_of: datetime
    matures_after: timedelta
    since: datetime | None


@dataclass(frozen=True)
class Remedies:
    """Tries other windows on the same events and labels, so that all advice is known to work."""

    times: NDArray[np.int64]
    labels: LabelHistory
    shares: SplitShares
    needs: MinPositives
    selection: SelectionHistory = field(default_factory=SelectionHistory)

    def advice(self, requested: TrainingWindow) -> str:
        """Windows that were tried and contain enough data; if there are none, what is missing."""
        remedies = (self._later_start, self._longer, self._earlier_end, self._shorter, self._wait)
        found = [text for remedy in remedies if (text := remedy(requested))]
        return f"These changes would work: {'; or '.join(found)}." if found else self._missing(requested)

    def is_enough(self, window: TrainingWindow) -> bool:
        """Whether the window has enough days and positives to train on."""
        times, y = self._matured(window)
        if span_days(times) < MIN_SPAN_DAYS:
            return False
        slices = split_by_time(occurred_at=times, y=y, shares=self.shares, needs=self.needs)
        return newest_insufficient_slice(y, slices, self.needs, with_test=self.shares.test > 0) is None

    def _matured(self, window: TrainingWindow) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        chosen = self.times <= to_micros(window.as_of - window.matures_after)
        if window.since is not None:
            chosen &= self.times >= to_micros(window.since)
        state = self.labels.as_of(window.as_of, count=len(self.times))
        blocked, _ = self.selection.as_of(window.as_of, count=len(self.times))
        chosen &= ~(blocked & (state == UNLABELED))
        y = (state == 1).astype(np.int8)
        kept, _ = find_outliers(self.times[chosen])
        return self.times[chosen][kept], y[chosen][kept]

    def _later_start(self, requested: TrainingWindow) -> str:
        for moment in self._midnights(requested):
            if self.is_enough(TrainingWindow(requested.as_of, requested.matures_after, moment)):
                return f"exclude events before {moment:%Y-%m-%d} (--since {moment:%Y-%m-%d})"
        return ""

    def _shorter(self, requested: TrainingWindow) -> str:
        for days in reversed(MATURITIES):
            if timedelta(days=days) < requested.matures_after and self._is_enough_after(days, requested):
                return (
                    f"treat events as mature after {days:g} days (--matures-after {days:g}), if their labels"
                    " are known by then"
                )
        return ""

    def _longer(self, requested: TrainingWindow) -> str:
        for days in MATURITIES:
            if timedelta(days=days) > requested.matures_after and self._is_enough_after(days, requested):
                return f"allow {days:g} days for labels to arrive (--matures-after {days:g})"
        return ""

    def _is_enough_after(self, days: float, requested: TrainingWindow) -> bool:
        return self.is_enough(TrainingWindow(requested.as_of, timedelta(days=days), requested.since))

    def _earlier_end(self, requested: TrainingWindow) -> str:
        for moment in reversed(list(self._midnights(requested))):
            as_of = moment + requested.matures_after
            if as_of < requested.as_of and self.is_enough(
                TrainingWindow(as_of, requested.matures_after, requested.since)
            ):
                return f"train as of an earlier time, before the labels end (--as-of {as_of:%Y-%m-%dT%H:%M})"
        return ""

    def _midnights(self, requested: TrainingWindow) -> Iterator[datetime]:
        """Days at which a window can begin or end, at every twentieth of the mature events."""
        times = np.sort(self._matured(requested)[0])
        if not len(times):
            return
        places = np.unique(np.linspace(0, len(times) - 1, WINDOW_EDGES + 1).astype(int))
        for day in np.unique(times[places] // DAY_US)[1:]:
            yield from_micros(int(day) * DAY_US)

    def _wait(self, requested: TrainingWindow) -> str:
        newest = (
            from_micros(int(self.times.max())) + requested.matures_after
            if len(self.times)
            else requested.as_of
        )
        if newest > requested.as_of and self.is_enough(
            TrainingWindow(newest, requested.matures_after, requested.since)
        ):
            young = int((self.times > to_micros(requested.as_of - requested.matures_after)).sum())
            return f"wait until {newest:%Y-%m-%d}, when the {young:,} immature events will be mature"
        return ""

    def _missing(self, requested: TrainingWindow) -> str:
        """What is missing whichever window is chosen."""
        times, y = self._matured(requested)
        if len(times) and len(moments := np.unique(times)) < MIN_MOMENTS:
            return (
                f"The events have only {len(moments)} distinct times, and events with the same time cannot be"
                " split: import times of day rather than dates, or events of more days."
            )
        found = int(y.sum())
        judging = (self.shares.validation, self.shares.calibration, self.shares.test)
        needed = self.needs.train + self.needs.held_out * sum(share > 0 for share in judging)
        if found < needed:
            return (
                f"Training needs at least {needed} positives in total, and {found} are mature so far: record"
                " more labels, or import older history with its labels (manage.py ingest --history)."
            )
        return "Record labels for that slice's events, or import history with labels spread over time."
