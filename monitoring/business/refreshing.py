"""Business figures as a table: today's every time, those of days whose labels still come once a day."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction

from monitoring.business.counting import MAX_SEGMENTS, Counted, largest, sum_counted
from monitoring.business.figures import DayFigures
from monitoring.business.hours import count_hours_of, mark_changed, prune_hours
from monitoring.business.segments import ALL
from monitoring.business.verdicts import count_verdicts
from monitoring.models import BusinessDay
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type, scored_types

RENEW_AFTER: Final = timedelta(hours=20)
MAX_DAYS_A_RUN: Final = 10  # so that a run takes seconds; the next one continues


def refresh_business(*, now: datetime) -> int:
    """Compute the days that are due, the latest first, up to MAX_DAYS_A_RUN; returns how many."""
    done = 0
    for name in scored_types():
        kind = event_type(name)
        mark_changed(kind)
        for day in due_days(kind, now=now):
            if done == MAX_DAYS_A_RUN:
                return done
            store_day(kind, day, now=now)
            done += 1
        prune_hours(kind=kind, now=now)
    return done


def due_days(kind: type[EventType], *, now: datetime) -> Iterator[date]:
    """Today, and the days that were last computed before their labels were mature, and not today."""
    today = now.date()
    yield today
    computed = dict(
        BusinessDay.objects.filter(event_type=kind.name, segment=ALL).values_list("day", "computed_at")
    )
    for back in range(1, kind.matures_after.days + 2):
        day = today - timedelta(days=back)
        last = computed.get(day)
        if last is None or last < now - RENEW_AFTER:
            yield day


def is_mature(kind: type[EventType], day: date, *, now: datetime) -> bool:
    """Whether the labels of a day's decisions are all known, as far as they ever will be."""
    return day + timedelta(days=1) <= (now - kind.matures_after).date()


def compute_day(kind: type[EventType], day: date, *, now: datetime) -> Counted:
    """The figures of the decisions and verdicts of a day, UTC, by field and segment.

    Those of all events are always there. Of a field, the MAX_SEGMENTS segments with the most events; all
    others together.
    """
    hours = count_hours_of(kind, day, now=now)
    found = sum_counted([{ALL: {ALL: DayFigures()}}, *hours, count_verdicts(kind, day)])
    return {field: largest(segments, MAX_SEGMENTS) for field, segments in found.items()}


def store_day(kind: type[EventType], day: date, *, now: datetime) -> None:
    """Compute a day and replace what is stored of it."""
    rows = [
        BusinessDay(
            event_type=kind.name,
            day=day,
            field=field,
            segment=segment,
            figures=each.as_data(),
            computed_at=now,
        )
        for field, segments in compute_day(kind, day, now=now).items()
        for segment, each in segments.items()
    ]
    with transaction.atomic():
        BusinessDay.objects.filter(event_type=kind.name, day=day).delete()
        BusinessDay.objects.bulk_create(rows)


def read_days(
    event_type_name: str, *, since: date, until: date, field: str = ""
) -> dict[str, dict[date, DayFigures]]:
    """The stored figures from `since` to `until`, both included, by segment and day.

    ALL is that of all events; the others are those of `field`.
    """
    found: dict[str, dict[date, DayFigures]] = {}
    rows = BusinessDay.objects.filter(
        event_type=event_type_name, day__gte=since, day__lte=until, field__in={"", field}
    )
    for row in rows.order_by("day", "field", "segment"):
        found.setdefault(row.segment, {})[row.day] = DayFigures(**row.figures)
    return found
