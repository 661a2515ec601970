"""The counted hours of decisions: which are to be counted again, and their figures.

A decision never changes, so an hour is counted when it has ended and again when a label or a retraction
changes one of its events.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Max

from monitoring.business.counting import HOUR, Counted, count_hour
from monitoring.business.figures import DayFigures
from monitoring.models import BusinessHour
from scoring.catalog.event_type import EventType
from scoring.intake.models import Amendment, Label
from scoring.rules.rules.trial.sample import positions_since

GRACE: Final = timedelta(minutes=10)  # in which entries of an hour may still become visible
DAY: Final = timedelta(days=1)

# Around the turn of an hour, entries of overlapping transactions may be in either hour: both are counted.
_CHANGED: Final = f"""
    UPDATE {BusinessHour._meta.db_table} SET stale = true
     WHERE event_type = %(event_type)s AND NOT stale AND start IN (
        SELECT date_trunc('hour', made.recorded_at + apart, 'UTC')
          FROM (SELECT event_stream FROM {Label._meta.db_table} WHERE position >= %(first)s
                 UNION
                SELECT event_stream FROM {Amendment._meta.db_table}
                 WHERE position >= %(first)s AND kind = 'retraction') changed
          JOIN scoring_logentry made ON made.stream = changed.event_stream AND made.type = 'decision.made'
         CROSS JOIN unnest('{{-5 s,5 s}}'::interval[]) AS apart
         WHERE starts_with(changed.event_stream, %(prefix)s))
"""  # noqa: S608


def mark_changed(kind: type[EventType]) -> int:
    """Mark the hours whose events got another label or were retracted as stale; returns how many.

    Looks at the entries since the last hour was counted, and some before, whose transactions may have been
    longer. Hours that are marked already stay so until they are counted.
    """
    last = BusinessHour.objects.filter(event_type=kind.name).aggregate(last=Max("computed_at"))["last"]
    if last is None:
        return 0
    asked: dict[str, Any] = {
        "event_type": kind.name,
        "prefix": f"{kind.name}/",
        "first": positions_since(last - HOUR)[0],
    }
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, asked)
        return int(cursor.rowcount)


def count_hours_of(kind: type[EventType], day: date, *, now: datetime) -> list[Counted]:
    """The figures of a day's hours, UTC; those that are not known or stale are counted and stored."""
    start = datetime.combine(day, datetime.min.time(), tzinfo=UTC)
    rows = BusinessHour.objects.filter(event_type=kind.name, start__gte=start, start__lt=start + DAY)
    known = {row.start: row for row in rows}
    return [
        _read(known[hour]) if _is_current(known.get(hour)) else _count(kind, hour, now=now)
        for hour in _hours(start, until=min(start + DAY, now))
    ]


def _hours(start: datetime, *, until: datetime) -> Iterator[datetime]:
    while start < until:
        yield start
        start += HOUR


def _is_current(row: BusinessHour | None) -> bool:
    return row is not None and not row.stale and row.computed_at >= row.start + HOUR + GRACE


def _read(row: BusinessHour) -> Counted:
    return {
        field: {name: DayFigures(**figures) for name, figures in segments.items()}
        for field, segments in row.figures.items()
    }


def _count(kind: type[EventType], start: datetime, *, now: datetime) -> Counted:
    counted = count_hour(kind, start)
    figures = {
        field: {name: each.as_data() for name, each in segments.items()}
        for field, segments in counted.items()
    }
    BusinessHour.objects.update_or_create(
        event_type=kind.name,
        start=start,
        defaults={"figures": figures, "stale": False, "computed_at": now},
    )
    return counted


def prune_hours(*, kind: type[EventType], now: datetime) -> int:
    """Delete the hours whose days are not computed again; returns how many."""
    before = now - kind.matures_after - 3 * DAY
    return BusinessHour.objects.filter(event_type=kind.name, start__lt=before).delete()[0]
