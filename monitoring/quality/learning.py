"""Baselines as a table: computed once a day from complete days."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import Count, F

from monitoring.models import FieldDay, QualityBaseline, SenderWindow, SubmissionWindow
from monitoring.quality.baselines import (
    MIN_EVENTS_A_DAY,
    DayCounts,
    FieldBaseline,
    SenderBaseline,
    SenderDay,
    field_baseline,
    sender_baseline,
)
from monitoring.quality.bins import Measure, binners
from monitoring.quality.expected_volume import WEEK, WEEKS, volume_dispersion
from scoring.catalog.registry import event_types
from scoring.intake.refusals import CONFLICT, REFUSED, REPEATED

DAYS: Final = timedelta(days=28)
RENEW_AFTER: Final = timedelta(hours=20)


class Sender(NamedTuple):
    """Who sends events of a type."""

    event_type: str
    source: str


class SentField(NamedTuple):
    """A field as a sender sends it."""

    event_type: str
    source: str
    field: str


def int_keys(counts: Mapping[str, int]) -> dict[int, int]:
    """Counts by bin as JSON stores them, with numbers as keys again."""
    return {int(place): count for place, count in counts.items()}


def learn_baselines(*, now: datetime) -> int:
    """Compute the baselines anew if they are a day old, or there are more days now; returns how many."""
    if not _is_due(now):
        return 0
    fields, senders = _learn_fields(now=now), _learn_senders(now=now)
    rows = [
        QualityBaseline(**key._asdict(), data=each.as_data(), computed_at=now) for key, each in fields.items()
    ]
    rows += [
        QualityBaseline(**key._asdict(), field="", data=each.as_data(), computed_at=now)
        for key, each in senders.items()
    ]
    with transaction.atomic():
        QualityBaseline.objects.all().delete()
        QualityBaseline.objects.bulk_create(rows)
    return len(rows)


def _is_due(now: datetime) -> bool:
    """Whether there are none that are recent, or they were learned while history was still being counted."""
    known = QualityBaseline.objects.filter(computed_at__gt=now - RENEW_AFTER)
    if not known.exists():
        return True
    learned = known.exclude(field="").values_list("data__days", flat=True)
    return max(learned, default=0) < _complete_days(now)


def _complete_days(now: datetime) -> int:
    """The number of days with enough events of the field that has the most of them."""
    until = _midnight(now)
    days = FieldDay.objects.filter(start__gte=until - DAYS, start__lt=until)
    enough = days.annotate(events=F("present") + F("missing")).filter(events__gte=MIN_EVENTS_A_DAY)
    counted = enough.values("event_type", "source", "field").annotate(days=Count("start"))
    return max(counted.values_list("days", flat=True), default=0)


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _learn_fields(*, now: datetime) -> dict[SentField, FieldBaseline]:
    until = _midnight(now)
    days: dict[SentField, list[DayCounts]] = defaultdict(list)
    for day in FieldDay.objects.filter(start__gte=until - DAYS, start__lt=until):
        key = SentField(day.event_type, day.source, day.field)
        days[key].append(DayCounts(day.start, day.present, day.missing, int_keys(day.bins)))
    found = {key: field_baseline(past, measure_of(key)) for key, past in days.items()}
    return {key: each for key, each in found.items() if each is not None}


def measure_of(field: SentField) -> Measure:
    """What is judged of a field's values; nothing of one that the catalog no longer has."""
    kind = event_types().get(field.event_type)
    binner = None if kind is None else binners(kind).get(field.field)
    return Measure.NONE if binner is None else binner.measure


def _learn_senders(*, now: datetime) -> dict[Sender, SenderBaseline]:
    until = _midnight(now)
    hours = SenderWindow.objects.filter(start__gte=until - WEEKS * WEEK, start__lt=until, live__gt=0)
    by_sender: dict[Sender, list[SenderWindow]] = defaultdict(list)
    for hour in hours:
        by_sender[Sender(hour.event_type, hour.source)].append(hour)
    submitted = _submitted_by_day(since=until - DAYS, until=until)
    found = {
        sender: sender_baseline(
            list(_days_of([each for each in past if each.start >= until - DAYS], submitted[sender])),
            dispersion=volume_dispersion({each.start: each.live for each in past}),
        )
        for sender, past in by_sender.items()
    }
    return {sender: each for sender, each in found.items() if each is not None}


def _submitted_by_day(*, since: datetime, until: datetime) -> dict[Sender, dict[tuple[Any, str], int]]:
    """Refused and repeated events by sender, day and kind."""
    found: dict[Sender, dict[tuple[Any, str], int]] = defaultdict(lambda: defaultdict(int))
    rows = SubmissionWindow.objects.filter(start__gte=since, start__lt=until, field="")
    for row in rows.filter(kind__in=(REFUSED, REPEATED, CONFLICT)):
        found[Sender(row.event_type, row.source)][row.start.date(), row.kind] += row.count
    return found


def _days_of(hours: Iterable[SenderWindow], submitted: Mapping[tuple[Any, str], int]) -> Iterable[SenderDay]:
    by_day: dict[Any, list[SenderWindow]] = defaultdict(list)
    for hour in hours:
        by_day[hour.start.date()].append(hour)
    for day, each in by_day.items():
        delays: dict[int, int] = defaultdict(int)
        for hour in each:
            for place, count in int_keys(hour.delays).items():
                delays[place] += count
        yield SenderDay(
            live=sum(hour.live for hour in each),
            refused=submitted.get((day, REFUSED), 0),
            repeated=submitted.get((day, REPEATED), 0) + submitted.get((day, CONFLICT), 0),
            too_late=sum(hour.too_late for hour in each),
            delays=delays,
        )
