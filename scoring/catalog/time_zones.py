"""Time zones of events: their offsets from UTC at every moment, as the package tzdata has them.

The package is pinned, where a machine's own time zone database is whatever its last update brought: the same
event must have the same hour on every machine.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

UTC_NAME = "UTC"
_FIRST, _END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)
# Offsets before are history. Later ones follow from laws that change, and must not rename features then.
_SETTLED = datetime(2026, 1, 1, tzinfo=UTC)
_BEGINNING_US = -(2**63)
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class TimeZone:
    """A time zone: from each moment of `offsets` on (microseconds since 1970), it is that far ahead of UTC.

    The first moment lies before every event. Before 1970 the offset is that of 1970's beginning, after 2100
    that of 2100's end. UTC has no offsets.
    """

    name: str
    offsets: tuple[tuple[int, int], ...] = ()

    @property
    def identity(self) -> str:
        """The name, and a hash of the offsets until 2025; "" for UTC. Part of hashes of features."""
        if not self.offsets:
            return ""
        settled = [pair for pair in self.offsets if pair[0] < _micros(_SETTLED)]
        return f"{self.name} {hashlib.sha256(json.dumps(settled).encode()).hexdigest()[:16]}"

    @property
    def clock(self) -> str:
        """How sentences call its time: "UTC", "New York time"."""
        if not self.offsets:
            return UTC_NAME
        return f"{self.name.rpartition('/')[2].replace('_', ' ')} time"


@dataclass(frozen=True, slots=True)
class Clock:
    """Whose clocks tell the hour and day of an event: those of the zone in its field `field`, else of `zone`.

    Without a `field`, or where the event lacks a known zone there, it is `zone` alone, an IANA name.
    """

    zone: str = UTC_NAME
    field: str = ""

    @property
    def identity(self) -> str:
        """Its part of hashes of features; "" for UTC alone. The offsets of zones in fields are not in it."""
        fallback = find_time_zone(self.zone).identity
        return f"{self.field} or {fallback or UTC_NAME}" if self.field else fallback

    @property
    def definition(self) -> str:
        """How declarations are annotated with it; "" for UTC alone."""
        if self.field:
            return f"{self.field} or {self.zone}"
        return "" if self.zone == UTC_NAME else self.zone

    @property
    def words(self) -> str:
        """How sentences call its time: "UTC", "New York time", "local time"."""
        return "local time" if self.field else find_time_zone(self.zone).clock


UTC_CLOCK = Clock()


@cache
def time_zone_names() -> frozenset[str]:
    """The names of the IANA time zone database."""
    return frozenset((files("tzdata") / "zones").read_text(encoding="utf-8").split())


@cache
def find_time_zone(name: str) -> TimeZone:
    """The zone of this IANA name, such as "America/New_York". Raises KeyError for an unknown name."""
    if name == UTC_NAME:
        return TimeZone(UTC_NAME)
    return TimeZone(name, tuple(_offsets(_zone_info(name))))


def offset_at(name: str, moment_us: int) -> float:
    """How far the zone of this name is ahead of UTC at a moment, both in microseconds; NaN without such one.

    The same as by `find_time_zone`, which computes all offsets of a zone and so takes long at first.
    """
    try:
        zone = _zone_info(name)
    except KeyError:
        return math.nan
    moment = _FIRST + timedelta(microseconds=min(max(moment_us, 0), _micros(_END)))
    return float(_offset_at(zone, moment) // timedelta(microseconds=1))


@cache
def _zone_info(name: str) -> ZoneInfo:
    """The zone as the pinned package has it. Raises KeyError for an unknown name."""
    if name not in time_zone_names():
        raise KeyError(name)
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _offsets(zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """Each moment at which the offset changes, and the new one. A day has at most one change."""
    offset, day = _offset_at(zone, _FIRST), _FIRST
    yield _BEGINNING_US, offset // timedelta(microseconds=1)
    while day < _END:
        changed = _offset_at(zone, day + _DAY)
        if changed != offset:
            yield _micros(_first_with(zone, changed, day)), changed // timedelta(microseconds=1)
            offset = changed
        day += _DAY


def _first_with(zone: ZoneInfo, offset: timedelta, day: datetime) -> datetime:
    """The first second within 24 hours that has an offset which the start of the day has not."""
    before, after = day, day + _DAY
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        before, after = (before, middle) if _offset_at(zone, middle) == offset else (middle, after)
    return after


def _offset_at(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _micros(moment: datetime) -> int:
    return (moment - _FIRST) // timedelta(microseconds=1)
