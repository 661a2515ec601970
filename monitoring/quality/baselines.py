"""What is usual of a sender and of each of its fields, learned from its past days.

Medians of days: a fault that lasted for less than half of them changes nothing.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import accumulate
from statistics import median
from typing import Any, Final

from monitoring.quality.bins import Measure
from monitoring.quality.counting import DELAY_EDGES
from monitoring.quality.expected_volume import MIN_DISPERSION

MIN_DAYS: Final = 3  # complete days with enough events, or nothing counts as usual
MIN_EVENTS_A_DAY: Final = 30
USUAL_ON: Final = 0.2  # a bin is usual if at least this share of the days had it, and at least two
ODD: Final = 0.1  # of the days on either side, whose delays are left out of what is usual
OUTSIDE: Final = 0.005  # of the values lies below the usual range, and as much above
MEDIAN_OF_CHI_SQUARED: Final = 0.4549  # with one degree of freedom


@dataclass(frozen=True, slots=True)
class DayCounts:
    """One complete day of a field."""

    start: datetime
    present: int
    missing: int
    bins: Mapping[int, int]

    @property
    def events(self) -> int:
        return self.present + self.missing


@dataclass(frozen=True, slots=True)
class UsualShare:
    """A share of events. `dispersion`: its variance over that of chance, 1 or more."""

    share: float
    dispersion: float

    @classmethod
    def of(cls, days: Iterable[tuple[int, int]]) -> "UsualShare":
        """The share of days, each as (hits, events): the median, so that few bad days do not count."""
        counted = [(hits, events) for hits, events in days if events]
        if not counted:
            return cls(0.0, 1.0)
        share = median(hits / events for hits, events in counted)
        chance = max(share * (1 - share), 1e-9)
        squares = [(hits - share * events) ** 2 / (events * chance) for hits, events in counted]
        return cls(share, max(median(squares) / MEDIAN_OF_CHI_SQUARED, 1.0) if share else 1.0)


@dataclass(frozen=True, slots=True)
class FieldBaseline:
    """What is usual of a field as one sender sends it.

    `low`, `high`: the usual bins of a range. `bins`: those of names and formats. `unusual`: the share of
    values that is outside of them anyway, None if there were too few values.
    """

    days: int
    missing: UsualShare
    unusual: UsualShare | None = None
    low: int = 0
    high: int = 0
    bins: tuple[int, ...] = ()

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> "FieldBaseline":
        shares = {name: data[name] and UsualShare(**data[name]) for name in ("missing", "unusual")}
        return cls(**{**data, **shares, "bins": tuple(data["bins"])})

    def count_unusual(self, bins: Mapping[int, int], measure: Measure) -> int:
        """How many of the values are outside of what is usual."""
        if measure is Measure.NONE:
            return 0
        return sum(count for place, count in bins.items() if not self._is_usual(place, measure))

    def _is_usual(self, place: int, measure: Measure) -> bool:
        if measure is Measure.RANGE:
            return self.low <= place <= self.high
        return place in self.bins


@dataclass(frozen=True, slots=True)
class SenderBaseline:
    """What is usual of a sender that sends events as they occur.

    `refused` and `repeated` are shares of the submitted events, `too_late` of those received. The median
    delay of a day, in seconds, was from `delay_low` to `delay_high`, apart from the share ODD of the days on
    either side. `dispersion`: see `volume_dispersion`.
    """

    days: int
    refused: UsualShare
    repeated: UsualShare
    too_late: UsualShare
    delay_low: float | None = None
    delay_high: float | None = None
    dispersion: float = MIN_DISPERSION

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> "SenderBaseline":
        shares = {name: UsualShare(**data[name]) for name in ("refused", "repeated", "too_late")}
        return cls(**{**data, **shares})


@dataclass(frozen=True, slots=True)
class SenderDay:
    """One complete day of a sender. `delays`: live events by bin of DELAY_EDGES."""

    live: int
    refused: int
    repeated: int
    too_late: int
    delays: Mapping[int, int]


def field_baseline(days: Sequence[DayCounts], measure: Measure) -> FieldBaseline | None:
    """What is usual, from the past days of a field in any order; None if there are too few with events."""
    full = [day for day in days if day.events >= MIN_EVENTS_A_DAY]
    if len(full) < MIN_DAYS:
        return None
    missing = UsualShare.of((day.missing, day.events) for day in full)
    known = FieldBaseline(len(full), missing)
    filled = [day for day in full if day.present >= MIN_EVENTS_A_DAY]
    if measure is Measure.NONE or len(filled) < MIN_DAYS:
        return known
    bins = [day.bins for day in filled]
    match measure:
        case Measure.RANGE:
            low, high = usual_range(bins)
            known = replace(known, low=low, high=high)
            unusual = [known.count_unusual(day, measure) for day in bins]
        case _:
            known = replace(known, bins=usual_bins(bins))
            unusual = _count_new(bins)
    present = [day.present for day in filled]
    return replace(known, unusual=UsualShare.of(zip(unusual, present, strict=True)))


def usual_bins(days: Sequence[Mapping[int, int]]) -> tuple[int, ...]:
    """The bins that enough of the days had."""
    needed = _days_needed(len(days))
    return tuple(sorted(place for place, on in _days_with(days).items() if on >= needed))


def _days_with(days: Iterable[Mapping[int, int]]) -> Counter[int]:
    return Counter(place for day in days for place in day)


def _days_needed(days: int) -> int:
    return max(2, math.ceil(USUAL_ON * days))


def _count_new(days: Sequence[Mapping[int, int]]) -> list[int]:
    """How many values of each day are unusual to the other days: a day must not vouch for itself."""
    seen, needed = _days_with(days), _days_needed(len(days) - 1)
    return [sum(count for place, count in day.items() if seen[place] - 1 < needed) for day in days]


def usual_range(days: Sequence[Mapping[int, int]]) -> tuple[int, int]:
    """The bins that all but OUTSIDE of a day's values are at or above, and at or below: medians of days."""
    bounds = [(_quantile(day, OUTSIDE), _quantile(day, 1 - OUTSIDE)) for day in days if day]
    if not bounds:
        return 0, 0
    return math.floor(median(low for low, _ in bounds)), math.ceil(median(high for _, high in bounds))


def _quantile(counts: Mapping[int, int], q: float) -> int:
    """The first bin at which the share q of the counts is reached."""
    places = sorted(counts)
    wanted = q * sum(counts.values())
    sums = accumulate(counts[place] for place in places)
    return next((place for place, total in zip(places, sums, strict=True) if total >= wanted), places[-1])


def sender_baseline(days: Sequence[SenderDay], *, dispersion: float) -> SenderBaseline | None:
    """What is usual, from the past days of a sender; None if there are too few with live events.

    `dispersion`: that of its volume.
    """
    full = [day for day in days if day.live >= MIN_EVENTS_A_DAY]
    if len(full) < MIN_DAYS:
        return None
    delays = [delay_quantile(day.delays, 0.5) for day in full]
    known = usual_delays(delay for delay in delays if delay is not None)
    return SenderBaseline(
        days=len(full),
        refused=UsualShare.of((day.refused, day.live + day.refused) for day in full),
        repeated=UsualShare.of((day.repeated, day.live + day.repeated) for day in full),
        too_late=UsualShare.of((day.too_late, day.live) for day in full),
        delay_low=known[0] if known else None,
        delay_high=known[-1] if known else None,
        dispersion=dispersion,
    )


def usual_delays(delays: Iterable[float]) -> list[float]:
    """The delays of days in ascending order, without the odd ones, so that a past fault is not usual.

    >>> usual_delays([60, 60, 120])
    [60, 120]
    >>> usual_delays([18_000, *range(10)])
    [1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    ordered = sorted(delays)
    odd = int(ODD * len(ordered))
    return ordered[odd : len(ordered) - odd]


def delay_quantile(delays: Mapping[int, int], q: float) -> float | None:
    """The delay in seconds that the share q does not exceed, at the edge of its bin nearest to 0.

    None without delays.
    """
    if not delays:
        return None
    place = _quantile(delays, q)
    low = DELAY_EDGES[max(place - 1, 0)]
    high = DELAY_EDGES[min(place, len(DELAY_EDGES) - 1)]
    return float(min(max(0, low), high))
