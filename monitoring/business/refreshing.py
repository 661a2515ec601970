"""Business figures as a table: today's every time, those of days whose labels still come once a day."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction

from monitoring.business.counting import ALL, count_day
from monitoring.business.figures import DayFigures
from monitoring.models import BusinessDay
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type, scored_types

RENEW_AFTER: Final = timedelta(hours=20)
MAX_DAYS_A_RUN: Final = 10  # so that a run takes seconds; the next one continues


def refresh_business(*, now: datetime) -> int:
    """Compute the days that are due, the latest first, up to MAX_DAYS_A_RUN; returns how many."""
    done = 0
    for name in scored_types():
        for day in due_days(event_type(name), now=now):
            if done == MAX_DAYS_A_RUN:
                return done
            store_day(event_type(name), day, now=now)
            done += 1
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


def store_day(kind: type[EventType], day: date, *, now: datetime) -> None:
    """Compute a day and replace what is stored of it."""
    found = count_day(kind, day)
    rows = [
        BusinessDay(event_type=kind.name, day=day, segment=segment, figures=each.as_data(), computed_at=now)
        for segment, each in found.items()
    ]
    with transaction.atomic():
        BusinessDay.objects.filter(event_type=kind.name, day=day).delete()
        BusinessDay.objects.bulk_create(rows)


def read_days(event_type_name: str, *, since: date, until: date) -> dict[str, dict[date, DayFigures]]:
    """The stored figures from `since` to `until`, both included, by segment and day."""
    found: dict[str, dict[date, DayFigures]] = {}
    rows = BusinessDay.objects.filter(event_type=event_type_name, day__gte=since, day__lte=until)
    for row in rows.order_by("day", "segment"):
        found.setdefault(row.segment, {})[row.day] = DayFigures(**row.figures)
    return found
