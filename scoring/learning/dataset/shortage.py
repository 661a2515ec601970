"""What training refuses for lack of events or positives, and which other window of the data would do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from scoring.learning.dataset.outliers import find_outliers
from scoring.learning.dataset.split import DAY_US, MIN_SPAN_DAYS, Needs, Slices, SplitShares, split_by_time
from scoring.learning.dataset.training_set import LabelTable, TrainingSet
from scoring.learning.errors import NotEnoughHistory, NotEnoughPositives
from scoring.timestamps import from_micros, to_micros

MATURITIES = (0, 1, 3, 7, 14, 30, 60, 90)  # days, tried in turn
MIN_MOMENTS = 4  # so that each slice has one
TRIED_SINCE = 20  # moments that a window might begin or end at


def require_history(data: TrainingSet) -> None:
    """Raises NotEnoughHistory unless the events can be cut: hours say nothing of days."""
    days = span_days(data.occurred_at)
    if days < MIN_SPAN_DAYS:
        raise NotEnoughHistory(event_type=data.event_type, rows=len(data.y), days=days, needed=MIN_SPAN_DAYS)


def require_positives(data: TrainingSet, slices: Slices, needs: Needs, *, with_test: bool) -> None:
    """Raises NotEnoughPositives for the newest slice that lacks them."""
    name = newest_short(data.y, slices, needs, with_test=with_test)
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


def newest_short(y: NDArray, slices: Slices, needs: Needs, *, with_test: bool) -> str | None:
    """The newest slice without the positives it needs: those before it began where it ends."""
    names = (["test"] if with_test else []) + ["calibration", "validation", "train"]
    for name in names:
        needed = needs.train if name == "train" else needs.held_out
        if int(y[getattr(slices, name)].sum()) < needed:
            return name
    return None


def span_days(times: NDArray[np.int64]) -> float:
    """From the first to the last, in days; 0 of none."""
    return (int(times.max()) - int(times.min())) / DAY_US if len(times) else 0.0


def describe_stretch(times: NDArray[np.int64]) -> str:
    """`600 events, 2025-05-01 to 2025-05-09`."""
    return f"{len(times):,} events, {_days(times)}" if len(times) else "no events"


def describe_positives(times: NDArray[np.int64]) -> str:
    """Where the positives lie: all of them, and the middle eight in ten where their ends are sparse."""
    if not len(times):
        return "No matured event is labeled positive."
    said = f"All {len(times):,} matured positives lie in {_days(times)}"
    middle = np.sort(times)[len(times) // 10 : len(times) - len(times) // 10]
    sparse = span_days(middle) < 0.6 * span_days(times)
    return f"{said}, eight in ten of them in {_days(middle)}." if sparse else f"{said}."


def _days(times: NDArray[np.int64]) -> str:
    first, last = (f"{from_micros(int(edge)):%Y-%m-%d}" for edge in (times.min(), times.max()))
    return first if first == last else f"{first} to {last}"


@dataclass(frozen=True)
class Window:
    """What a training could look at: events from `since` on that are mature at `as_of`."""

    as_of: datetime
    matures_after: timedelta
    since: datetime | None


@dataclass(frozen=True)
class Remedies:
    """Tries other windows on the same events and labels, so that only what works is advised."""

    times: NDArray[np.int64]
    labels: LabelTable
    shares: SplitShares
    needs: Needs

    def advice(self, asked: Window) -> str:
        """What to do: windows that were tried and hold enough; where there are none, what is missing."""
        ways = (self._later_start, self._longer, self._earlier_end, self._shorter, self._wait)
        found = [text for way in ways if (text := way(asked))]
        return f"What works on these events: {'; or '.join(found)}." if found else self._missing(asked)

    def works(self, window: Window) -> bool:
        """Whether training would have its days and its positives."""
        times, y = self._matured(window)
        if span_days(times) < MIN_SPAN_DAYS:
            return False
        slices = split_by_time(occurred_at=times, y=y, shares=self.shares, needs=self.needs)
        return newest_short(y, slices, self.needs, with_test=self.shares.test > 0) is None

    def _matured(self, window: Window) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        chosen = self.times <= to_micros(window.as_of - window.matures_after)
        if window.since is not None:
            chosen &= self.times >= to_micros(window.since)
        y = (self.labels.as_of(window.as_of, count=len(self.times)) == 1).astype(np.int8)
        kept, _ = find_outliers(self.times[chosen])
        return self.times[chosen][kept], y[chosen][kept]

    def _later_start(self, asked: Window) -> str:
        for moment in self._midnights(asked):
            if self.works(Window(asked.as_of, asked.matures_after, moment)):
                return f"leave out what lies before {moment:%Y-%m-%d} (--since {moment:%Y-%m-%d})"
        return ""

    def _shorter(self, asked: Window) -> str:
        for days in reversed(MATURITIES):
            if timedelta(days=days) < asked.matures_after and self._works_after(days, asked):
                return (
                    f"count events as mature after {days:g} days (--matures-after {days:g}), if their labels"
                    " are known by then"
                )
        return ""

    def _longer(self, asked: Window) -> str:
        for days in MATURITIES:
            if timedelta(days=days) > asked.matures_after and self._works_after(days, asked):
                return f"give labels {days:g} days to become known (--matures-after {days:g})"
        return ""

    def _works_after(self, days: float, asked: Window) -> bool:
        return self.works(Window(asked.as_of, timedelta(days=days), asked.since))

    def _earlier_end(self, asked: Window) -> str:
        for moment in reversed(list(self._midnights(asked))):
            as_of = moment + asked.matures_after
            if as_of < asked.as_of and self.works(Window(as_of, asked.matures_after, asked.since)):
                return f"train as of an earlier day, before the labels end (--as-of {as_of:%Y-%m-%dT%H:%M})"
        return ""

    def _midnights(self, asked: Window) -> Iterator[datetime]:
        """Days at which a window might begin or end: of every twentieth part of the matured events."""
        times = np.sort(self._matured(asked)[0])
        if not len(times):
            return
        places = np.unique(np.linspace(0, len(times) - 1, TRIED_SINCE + 1).astype(int))
        for day in np.unique(times[places] // DAY_US)[1:]:
            yield from_micros(int(day) * DAY_US)

    def _wait(self, asked: Window) -> str:
        newest = from_micros(int(self.times.max())) + asked.matures_after if len(self.times) else asked.as_of
        if newest > asked.as_of and self.works(Window(newest, asked.matures_after, asked.since)):
            young = int((self.times > to_micros(asked.as_of - asked.matures_after)).sum())
            return f"wait until {newest:%Y-%m-%d}, when the {young:,} events that are not mature yet will be"
        return ""

    def _missing(self, asked: Window) -> str:
        """What no other window makes up for."""
        times, y = self._matured(asked)
        if len(times) and len(moments := np.unique(times)) < MIN_MOMENTS:
            return (
                f"The events have only {len(moments)} different times, and events of one time are not"
                " separated: bring times of day, not dates alone, or events of more days."
            )
        found = int(y.sum())
        judging = (self.shares.validation, self.shares.calibration, self.shares.test)
        needed = self.needs.train + self.needs.held_out * sum(share > 0 for share in judging)
        if found < needed:
            return (
                f"At least {needed} positives are needed in all, and {found} are matured: record more"
                " labels, or bring older history with its labels (manage.py ingest --history)."
            )
        return "Record the labels of that slice's events, or bring history whose labels are spread over time."
