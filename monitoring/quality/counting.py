"""What receipts add to the windows of their senders and fields."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from monitoring.quality.bins import CURRENCY, Binner, Measure, binners
from monitoring.windows.hourly import to_hour
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_types
from scoring.log.entries import Entry
from scoring.timestamps import from_iso

LATE, TOO_LATE, AHEAD = timedelta(hours=1), timedelta(days=1), timedelta(seconds=-5)
# Seconds from occurrence to receipt; bin n begins at edge n - 1. Hours are apart, as time zones are.
DELAY_EDGES = (
    *(-240, -180, -120, -60, -30, -5, 5, 15, 30, 60, 120, 300, 600, 1_200, 1_800, 2_700),
    *(hours * 3_600 for hours in (1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8, 10, 12, 18, 24, 48, 72, 168, 720)),
)


class SenderHour(NamedTuple):
    """A sender of an event type, and the start of an hour, UTC."""

    event_type: str
    source: str
    start: datetime


class FieldHour(NamedTuple):
    """A field as a sender sends it, and the start of an hour or a day, UTC."""

    event_type: str
    source: str
    field: str
    start: datetime


@dataclass(slots=True)
class SenderCounts:
    """Events by hour. `live`: those that are not loaded history; the other columns and `delays` are of these.

    `delays`: events by the bin of DELAY_EDGES that their delay is in.
    """

    received: int = 0
    live: int = 0
    ahead: int = 0
    late: int = 0
    too_late: int = 0
    delays: Counter[int] = field(default_factory=Counter)

    def add_delay(self, delay: timedelta) -> None:
        self.live += 1
        self.ahead += delay < AHEAD
        self.late += delay > LATE
        self.too_late += delay > TOO_LATE
        self.delays[delay_bin(delay)] += 1


@dataclass(slots=True)
class FieldCounts:
    """Events with and without a value, and the values by bin."""

    present: int = 0
    missing: int = 0
    bins: Counter[int] = field(default_factory=Counter)

    def include(self, other: "FieldCounts") -> None:
        self.present += other.present
        self.missing += other.missing
        self.bins.update(other.bins)


@dataclass(slots=True)
class Counted:
    """What entries add to the windows of senders and fields."""

    senders: dict[SenderHour, SenderCounts] = field(default_factory=lambda: defaultdict(SenderCounts))
    fields: dict[FieldHour, FieldCounts] = field(default_factory=dict)
    _by_sender: dict[SenderHour, list[tuple[str, Binner, FieldCounts]]] = field(default_factory=dict)

    def fields_of(self, hour: SenderHour, kind: type[EventType]) -> list[tuple[str, Binner, FieldCounts]]:
        """The counts of each field in an hour of a sender, added where there are none yet."""
        if hour not in self._by_sender:
            named = [(name, binner, FieldCounts()) for name, binner in binners(kind).items()]
            self._by_sender[hour] = named
            keys = (FieldHour(hour.event_type, hour.source, name, hour.start) for name, _, _ in named)
            self.fields.update(zip(keys, (counts for _, _, counts in named), strict=True))
        return self._by_sender[hour]


def delay_bin(delay: timedelta) -> int:
    return bisect_right(DELAY_EDGES, delay.total_seconds())


def count_receipts(entries: Iterable[Entry]) -> Counted:
    """Count receipts by hour: of loaded history that in which they occurred, else that of their receipt.

    Receipts of types that are no longer in the catalog are left out.
    """
    counted = Counted()
    kinds = event_types()
    for entry in entries:
        if (kind := kinds.get(entry.data["type"])) is not None:
            _count(counted, entry, kind)
    return counted


def _count(counted: Counted, entry: Entry, kind: type[EventType]) -> None:
    data = entry.data
    occurred, history = from_iso(data["occurred_at"]), data.get("history")
    hour = SenderHour(kind.name, data["source"], to_hour(occurred if history else entry.recorded_at))
    sender = counted.senders[hour]
    sender.received += 1
    if not history:
        sender.add_delay(entry.recorded_at - occurred)
    sent = _sent(data)
    for name, binner, counts in counted.fields_of(hour, kind):
        value = sent.get(name)
        if value is None:
            counts.missing += 1
        else:
            counts.present += 1
            if binner.measure is not Measure.NONE:
                counts.bins[binner.bin_of(value)] += 1


def _sent(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values that were sent, those of detected fields aside; the first amount as that of `currency`."""
    fields = data["fields"]
    sent = {**fields, **dict.fromkeys(data.get("detected", ()))}
    for value in fields.values():
        if isinstance(value, dict) and "minor" in value:
            sent[CURRENCY] = value
            break
    return sent


def sum_to_days(hours: Mapping[FieldHour, FieldCounts]) -> dict[FieldHour, FieldCounts]:
    """Sum the hours of fields to days, UTC."""
    days: dict[FieldHour, FieldCounts] = defaultdict(FieldCounts)
    for hour, counts in hours.items():
        days[hour._replace(start=hour.start.replace(hour=0))].include(counts)
    return dict(days)
