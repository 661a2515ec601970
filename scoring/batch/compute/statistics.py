"""The statistics of profiles, computed for all entities at once.

Each statistic is a small description. `over(...)` sorts the events once and returns a function from a slice
of them (by time) to the statistic of every entity, so that a year of nightly profiles takes one sort. Sums
run in the order of time or of names, never of codes, so that the same events give the same bits whatever else
was read.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.batch.compute.grouping import Owners, Pairs, divided
from scoring.batch.views import Places, ViewEvents, ranked
from scoring.catalog.fields import Category, Entity, Field, Flag, Money, Number
from scoring.declare import Origin, part_of_vocabulary

part_of_vocabulary(__name__)

OfSlice = Callable[[slice], NDArray[np.float64]]

_SECOND, _HOUR, _DAY = 1_000_000, 3_600_000_000, 86_400_000_000
_MINUTES_A_DAY = 1_440
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIRST_WEEKDAY = 3  # 1970-01-01 was a Thursday
# Tables for the minutes of a day, because NumPy's sines of an array may depend on a value's position in it.
_ANGLES = np.arange(_MINUTES_A_DAY) * (2 * math.pi / _MINUTES_A_DAY)
_COSINES, _SINES = np.cos(_ANGLES), np.sin(_ANGLES)


class Statistic:
    """One value of a profile. `unit`: as in `FeatureSpec`."""

    unit = "number"

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields that it reads."""
        return ()

    @property
    def definition(self) -> list[Any]:
        """Its definition as plain JSON."""
        raise NotImplementedError

    def phrase(self, events: str) -> str:
        """Its description in words."""
        raise NotImplementedError

    def over(self, events: ViewEvents, owners: Owners) -> OfSlice:
        """A function from a slice of the events to float64[owners], NaN if unknown."""
        raise NotImplementedError


@dataclass(frozen=True)
class Count(Statistic):
    unit = "events"

    @property
    def definition(self) -> list[Any]:
        return ["count"]

    def phrase(self, events: str) -> str:
        return f"the number of {events}"

    def over(self, events: ViewEvents, owners: Owners) -> OfSlice:
        return owners.tally


@dataclass(frozen=True)
class Quantile(Statistic):
    """Linear interpolation at position q (n - 1) among the n sorted values."""

    field: Field
    q: float

    @property
    def unit(self) -> str:  # type: ignore[override]
        return "money" if isinstance(self.field, Money) else getattr(self.field, "unit", "") or "number"

    @property
    def fields(self) -> tuple[Field, ...]:
        return (self.field,)

    @property
    def definition(self) -> list[Any]:
        return ["quantile", self.field.name, self.q]

    def phrase(self, events: str) -> str:
        what = self.field.name.replace("_", " ")
        if self.q == 0.5:
            return f"the median {what} of {events}"
        return f"the {what} that {100 * self.q:g} % of {events} do not exceed"

    def over(self, events: ViewEvents, owners: Owners) -> OfSlice:
        values = events.numbers[self.field.name]
        rows = np.flatnonzero((owners.codes >= 0) & ~np.isnan(values))
        rows = rows[np.lexsort((values[rows], owners.codes[rows]))]
        places = np.full(len(values), -1, dtype=np.int64)  # of each event in that order
        places[rows] = np.arange(len(rows))
        values, codes = values[rows], owners.codes[rows]

        def of_slice(taken: slice) -> NDArray[np.float64]:
            here = np.sort(places[taken])
            here = here[np.searchsorted(here, 0) :]
            counts = np.bincount(codes[here], minlength=owners.count)
            return _interpolate(values[here], counts, self.q)

        return of_slice


def _interpolate(values: NDArray[np.float64], counts: Places, q: float) -> NDArray[np.float64]:
    """The quantile of each group of `values`, which are sorted within consecutive groups."""
    known = counts > 0
    firsts = (np.cumsum(counts) - counts)[known]
    position = q * (counts[known] - 1)
    below = np.floor(position).astype(np.int64)
    above = np.minimum(below + 1, counts[known] - 1)
    low, high = values[firsts + below], values[firsts + above]
    quantiles = np.full(len(counts), np.nan)
    quantiles[known] = low + (high - low) * (position - below)
    return quantiles


@dataclass(frozen=True)
class Variety(Statistic):
    """The effective number of values: 2 to the power of the entropy (in bits) of their distribution."""

    field: Field

    @property
    def fields(self) -> tuple[Field, ...]:
        return (self.field,)

    @property
    def definition(self) -> list[Any]:
        return ["variety", self.field.name]

    def phrase(self, events: str) -> str:
        return f"the effective number of values of {self.field.name.replace('_', ' ')} in {events}"

    def over(self, events: ViewEvents, owners: Owners) -> OfSlice:
        pairs = Pairs(owners, ranked(events.names[self.field.name])[1])

        def of_slice(rows: slice) -> NDArray[np.float64]:
            counts = pairs.tally(rows)
            totals = pairs.total(counts)
            logs = pairs.total(counts * np.log2(np.maximum(counts, 1)))
            entropy = np.log2(np.maximum(totals, 1)) - divided(logs, totals)
            return np.exp2(entropy)

        return of_slice


@dataclass(frozen=True)
class FavoriteShare(Statistic):
    """The share of the most frequent value."""

    field: Field
    unit = "share"

    @property
    def fields(self) -> tuple[Field, ...]:
        return (self.field,)

    @property
    def definition(self) -> list[Any]:
        return ["favourite_share", self.field.name]  # hashed into stored versions; keep its spelling

    def phrase(self, events: str) -> str:
        return f"the share of the most frequent {self.field.name.replace('_', ' ')} in {events}"

    def over(self, events: ViewEvents, owners: Owners) -> OfSlice:
        pairs = Pairs(owners, ranked(events.names[self.field.name])[1])

        def of_slice(rows: slice) -> NDArray[np.float64]:
            counts = pairs.tally(rows)
            return divided(pairs.largest(counts), pairs.total(counts))

        return of_slice


@dataclass(frozen=True)
class ShareAt(Statistic):
    """The share of events at some hours of the day or days of the week, in UTC."""

    hours: tuple[int, int] | None
    weekdays: tuple[str, ...]
    unit = "share"

    @property
    def definition(self) -> list[Any]:
        return ["share_at", list(self.hours or ()), list(self.weekdays)]

    def phrase(self, events: str) -> str:
        when = [f"between {self.hours[0]:02d}:00 and {self.hours[1]:02d}:00 UTC"] if self.hours else []
        when += [f"on {', '.join(self.weekdays)}"] if self.weekdays else []
        return f"the share {' '.join(when)} of {events}"

    def over(self, events: ViewEvents, owners: Owners) -> OfSlice:
        inside = np.ones(len(events.times), dtype=bool)
        if self.hours:
            first, last = self.hours
            inside &= (events.times // _HOUR - first) % 24 < ((last - first) % 24 or 24)
        if self.weekdays:
            days = (events.times // _DAY + _FIRST_WEEKDAY) % 7
            inside &= np.isin(days, [_WEEKDAYS.index(day) for day in self.weekdays])
        weights = inside.astype(np.float64)
        return lambda rows: divided(owners.tally(rows, weights), owners.tally(rows))


class _OnTheClock(Statistic):
    """A statistic of the mean of the events' times of day as points on a circle."""

    def over(self, events: ViewEvents, owners: Owners) -> OfSlice:
        minutes = events.times // (60 * _SECOND) % _MINUTES_A_DAY
        cosines, sines = _COSINES[minutes], _SINES[minutes]

        def of_slice(rows: slice) -> NDArray[np.float64]:
            counts = owners.tally(rows)
            return self.from_mean(
                divided(owners.tally(rows, cosines), counts), divided(owners.tally(rows, sines), counts)
            )

        return of_slice

    def from_mean(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        raise NotImplementedError


@dataclass(frozen=True)
class UsualHour(_OnTheClock):
    """The circular mean of the time of day, 0 to 24 (UTC): that of 23:00 and 01:00 is 0, not 12."""

    unit = "hour"

    @property
    def definition(self) -> list[Any]:
        return ["usual_hour"]

    def phrase(self, events: str) -> str:
        return f"the usual hour of {events}"

    def from_mean(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.arctan2(y, x) * (12 / math.pi) % 24


@dataclass(frozen=True)
class HourRegularity(_OnTheClock):
    """How concentrated the times of day are: 1 if all are equal, 0 if they are spread around the clock."""

    @property
    def definition(self) -> list[Any]:
        return ["hour_regularity"]

    def phrase(self, events: str) -> str:
        return f"the regularity of the hour of {events}"

    def from_mean(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.sqrt(x * x + y * y)


@dataclass(frozen=True)
class ActiveDays(Statistic):
    """The number of days (UTC) with any event."""

    unit = "number"

    @property
    def definition(self) -> list[Any]:
        return ["active_days"]

    def phrase(self, events: str) -> str:
        return f"the number of days with {events}"

    def over(self, events: ViewEvents, owners: Owners) -> OfSlice:
        days = events.times // _DAY
        pairs = Pairs(owners, days - days.min(initial=0))
        return lambda rows: pairs.total((pairs.tally(rows) > 0).astype(np.float64))


@dataclass(frozen=True)
class MeanGap(Statistic):
    """Mean seconds between an event and the next; NaN for a single one."""

    unit = "seconds"

    @property
    def definition(self) -> list[Any]:
        return ["mean_gap"]

    def phrase(self, events: str) -> str:
        return f"the mean time between {events}"

    def over(self, events: ViewEvents, owners: Owners) -> OfSlice:
        order = np.argsort(owners.codes, kind="stable")
        order = order[owners.codes[order] >= 0]
        codes, times = owners.codes[order], events.times[order]

        def of_slice(taken: slice) -> NDArray[np.float64]:
            here = (order >= taken.start) & (order < taken.stop)
            counts = np.bincount(codes[here], minlength=owners.count)
            lasts = np.cumsum(counts)
            several = counts > 1
            inside = times[here]
            spans = inside[lasts[several] - 1] - inside[(lasts - counts)[several]]
            gaps = np.full(owners.count, np.nan)
            gaps[several] = spans / (counts[several] - 1) / _SECOND
            return gaps

        return of_slice


# The words


def count() -> Statistic:
    """The number of events."""
    return Count()


def quantile(field: Field, q: float) -> Statistic:
    """The q-quantile of an amount or number."""
    _check_type(field, Money, Number, Flag)
    if not 0 <= q <= 1:
        raise Origin.here().error(f"a quantile must be between 0 and 1, not {q}")
    return Quantile(field, float(q))


def median(field: Field) -> Statistic:
    return quantile(field, 0.5)


def variety(field: Field) -> Statistic:
    """The effective number of values of a category or entity."""
    _check_type(field, Category, Entity)
    return Variety(field)


def favorite_share(field: Field) -> Statistic:
    """The share of the most frequent value of a category or entity."""
    _check_type(field, Category, Entity)
    return FavoriteShare(field)


def share_at(*, hours: tuple[int, int] | None = None, weekdays: str = "") -> Statistic:
    """The share of events in hours [from, to) of the day, "sat sun" of the week, or both; UTC."""
    days = tuple(weekdays.split())
    if hours is None and not days:
        raise Origin.here().error("share_at takes hours=(22, 6), weekdays='sat sun', or both")
    if hours is not None and not all(isinstance(hour, int) and 0 <= hour <= 24 for hour in hours):
        raise Origin.here().error(f"hours must be from 0 to 24, not {hours}")
    if unknown := [day for day in days if day not in _WEEKDAYS]:
        raise Origin.here().error(f"{unknown[0]!r} is not a day of the week; use {' '.join(_WEEKDAYS)}")
    return ShareAt(hours, days)


def usual_hour() -> Statistic:
    return UsualHour()


def hour_regularity() -> Statistic:
    return HourRegularity()


def active_days() -> Statistic:
    return ActiveDays()


def mean_gap() -> Statistic:
    return MeanGap()


def _check_type(field: object, *types: type[Field]) -> None:
    if not isinstance(field, types):
        wanted = " or ".join(wanted.__name__ for wanted in types)
        raise Origin.here().error(f"{field!r} is not a {wanted} field")
