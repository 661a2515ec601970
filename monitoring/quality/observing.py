"""The readings of senders and their fields, from the windows of the last day, in a few queries."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from django.db.models import Model, QuerySet

from monitoring.models import FieldWindow, QualityBaseline, SenderWindow, SubmissionWindow
from monitoring.quality.baselines import FieldBaseline, SenderBaseline
from monitoring.quality.expected_volume import Expected, expected_of, same_hours
from monitoring.quality.judging import (
    HOUR,
    HourShare,
    Kind,
    Reading,
    judge_delay,
    judge_share,
    judge_volume,
)
from monitoring.quality.learning import Sender, SentField, int_keys, measure_of
from monitoring.windows.hourly import to_hour
from scoring.intake.refusals import CONFLICT, REFUSED, REPEATED

Row = TypeVar("Row", bound=Model)

HOURS: Final = 24  # that are read before this one


@dataclass(frozen=True, slots=True)
class FieldHourCounts:
    """An hour of a field. `unusual`: the values outside of what is usual, None if nothing is."""

    start: datetime
    present: int
    missing: int
    unusual: int | None

    @property
    def missing_share(self) -> HourShare:
        return HourShare(self.start, self.missing, self.present + self.missing)

    @property
    def unusual_share(self) -> HourShare:
        return HourShare(self.start, self.unusual or 0, self.present)


@dataclass(frozen=True, slots=True)
class FieldReadings:
    """A field of a sender with its readings and hours."""

    field: SentField
    missing: Reading
    unusual: Reading | None  # None if only its absence is counted
    hours: tuple[FieldHourCounts, ...]

    @property
    def readings(self) -> tuple[Reading, ...]:
        return (self.missing, self.unusual) if self.unusual else (self.missing,)


@dataclass(frozen=True, slots=True)
class SenderReadings:
    """A sender with its readings and hours.

    `counts`: live events by hour. `problems`: those of refused and repeated events as (field, kind, count),
    most first. `submitted`: refused and repeated events of the last day by kind.
    """

    sender: Sender
    refused: Reading
    repeated: Reading
    too_late: Reading
    delay: Reading
    volume: Reading
    counts: Mapping[datetime, int]
    expected: Mapping[datetime, Expected | None]
    problems: tuple[tuple[str, str, int], ...]
    submitted: Mapping[str, int]

    @property
    def readings(self) -> tuple[Reading, ...]:
        return (self.volume, self.delay, self.refused, self.repeated, self.too_late)


def read_fields(*, now: datetime, event_type: str = "") -> list[FieldReadings]:
    """The readings of fields in order of sender and name; of one event type, or of all. Two queries."""
    baselines = {
        SentField(row.event_type, row.source, row.field): FieldBaseline.of_data(row.data)
        for row in _of_type(QualityBaseline.objects.exclude(field=""), event_type)
    }
    hours: dict[SentField, list[FieldHourCounts]] = defaultdict(list)
    windows = _of_type(FieldWindow.objects.filter(start__gte=to_hour(now) - HOURS * HOUR), event_type)
    for window in windows.order_by("event_type", "source", "field", "start"):
        key = SentField(window.event_type, window.source, window.field)
        hours[key].append(_hour_of(window, baselines.get(key), key))
    return [_field_readings(key, baselines.get(key), tuple(each), now=now) for key, each in hours.items()]


def _of_type(rows: QuerySet[Row], event_type: str) -> QuerySet[Row]:
    return rows.filter(event_type=event_type) if event_type else rows


def _hour_of(window: FieldWindow, baseline: FieldBaseline | None, key: SentField) -> FieldHourCounts:
    unusual = None
    if baseline is not None and baseline.unusual is not None:
        unusual = baseline.count_unusual(int_keys(window.bins), measure_of(key))
    return FieldHourCounts(window.start, window.present, window.missing, unusual)


def _field_readings(
    key: SentField, baseline: FieldBaseline | None, hours: tuple[FieldHourCounts, ...], *, now: datetime
) -> FieldReadings:
    usual = baseline.missing if baseline else None
    missing = judge_share(Kind.MISSING, [hour.missing_share for hour in hours], usual, now=now)
    unusual = None
    if measure_of(key):
        shares = [hour.unusual_share for hour in hours]
        unusual = judge_share(Kind.UNUSUAL, shares, baseline.unusual if baseline else None, now=now)
    return FieldReadings(key, missing, unusual, hours)


def read_senders(*, now: datetime, event_type: str = "") -> list[SenderReadings]:
    """The readings of senders in order of type and source; of one event type, or of all. Three queries."""
    this = to_hour(now)
    last_hours = [this - number * HOUR for number in range(HOURS + 1)]
    wanted = {past for hour in last_hours for past in (hour, *same_hours(hour))}
    windows: dict[Sender, dict[datetime, SenderWindow]] = defaultdict(dict)
    for window in _of_type(SenderWindow.objects.filter(start__in=wanted), event_type):
        windows[Sender(window.event_type, window.source)][window.start] = window
    baselines = {
        Sender(row.event_type, row.source): SenderBaseline.of_data(row.data)
        for row in _of_type(QualityBaseline.objects.filter(field=""), event_type)
    }
    submitted: dict[Sender, list[SubmissionWindow]] = defaultdict(list)
    for row in _of_type(SubmissionWindow.objects.filter(start__gte=last_hours[-1]), event_type):
        submitted[Sender(row.event_type, row.source)].append(row)
    return [
        _sender_readings(sender, windows[sender], submitted[sender], baselines.get(sender), now=now)
        for sender in sorted({*windows, *submitted})
    ]


def _sender_readings(
    sender: Sender,
    windows: Mapping[datetime, SenderWindow],
    submitted: Iterable[SubmissionWindow],
    baseline: SenderBaseline | None,
    *,
    now: datetime,
) -> SenderReadings:
    submitted = list(submitted)
    last = [to_hour(now) - number * HOUR for number in reversed(range(HOURS + 1))]
    counts = {hour: windows[hour].live for hour in last if hour in windows}
    expected = dict(_expected(windows, last, baseline))
    shares = _Shares(windows, submitted, last)
    return SenderReadings(
        sender=sender,
        refused=judge_share(
            Kind.REFUSED, shares.of(REFUSED), baseline.refused if baseline else None, now=now
        ),
        repeated=judge_share(
            Kind.REPEATED, shares.of(REPEATED, CONFLICT), baseline.repeated if baseline else None, now=now
        ),
        too_late=judge_share(
            Kind.TOO_LATE, shares.too_late(), baseline.too_late if baseline else None, now=now
        ),
        delay=judge_delay(
            {hour: int_keys(windows[hour].delays) for hour in last if hour in windows}, baseline, now=now
        ),
        volume=judge_volume(counts, expected, now=now),
        counts=counts,
        expected=expected,
        problems=_problems(submitted),
        submitted=_events_by_kind(submitted),
    )


class _Shares:
    """The hours of shares among the events of a sender."""

    def __init__(
        self,
        windows: Mapping[datetime, SenderWindow],
        submitted: Iterable[SubmissionWindow],
        hours: Iterable[datetime],
    ) -> None:
        self._live = {hour: windows[hour].live if hour in windows else 0 for hour in hours}
        self._too_late = {hour: windows[hour].too_late if hour in windows else 0 for hour in hours}
        self._submitted: dict[tuple[datetime, str], int] = defaultdict(int)
        for row in submitted:
            if not row.field:
                self._submitted[row.start, row.kind] += row.count

    def of(self, *kinds: str) -> list[HourShare]:
        """Of events of these kinds among all that were submitted."""
        hits = {hour: sum(self._submitted[hour, kind] for kind in kinds) for hour in self._live}
        return [HourShare(hour, hits[hour], live + hits[hour]) for hour, live in self._live.items()]

    def too_late(self) -> list[HourShare]:
        return [HourShare(hour, self._too_late[hour], live) for hour, live in self._live.items()]


def _expected(
    windows: Mapping[datetime, SenderWindow], hours: Iterable[datetime], baseline: SenderBaseline | None
) -> Iterator[tuple[datetime, Expected | None]]:
    """What to expect of each hour. An hour of a past week without a window had no events, after the first."""
    live = {start: window.live for start, window in windows.items() if window.live}
    first = min(live, default=None)
    for hour in hours:
        if baseline is None or first is None:
            yield hour, None
        else:
            past = [live.get(each, 0) for each in same_hours(hour) if each >= first]
            yield hour, expected_of(past, dispersion=baseline.dispersion)


def _problems(rows: Iterable[SubmissionWindow]) -> tuple[tuple[str, str, int], ...]:
    found: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        if row.field or row.kind not in (REFUSED, REPEATED, CONFLICT):
            found[row.field, row.kind] += row.count
    ordered = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    return tuple((field, kind, count) for (field, kind), count in ordered)


def _events_by_kind(rows: Iterable[SubmissionWindow]) -> dict[str, int]:
    found = dict.fromkeys((REFUSED, REPEATED, CONFLICT), 0)
    for row in rows:
        if not row.field and row.kind in found:
            found[row.kind] += row.count
    return found
