"""The counted hours of decisions: which are to be counted again, and their figures.

A decision never changes, so an hour is counted when it has ended. What labels change about it is counted
again when one of its events gets another label, and all of it when one is retracted.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Max

from monitoring.business.counting import HOUR, Counted, count_hour, count_labels, sum_counted
from monitoring.business.figures import DayFigures
from monitoring.models import BusinessHour
from scoring.catalog.event_type import EventType
from scoring.intake.models import Amendment, Label
from scoring.rules.rules.trial.sample import positions_since

GRACE: Final = timedelta(minutes=10)  # in which entries of an hour may still become visible
DAY: Final = timedelta(days=1)

# Around the turn of an hour, entries of overlapping transactions may be in either hour: both are told.
_CHANGED: Final = f"""
    UPDATE {BusinessHour._meta.db_table} hour
       SET stale = true,
           labeled = ARRAY(SELECT DISTINCT unnest(hour.labeled || changed.labeled) ORDER BY 1),
           computed_at = CASE WHEN changed.is_retracted THEN hour.start ELSE hour.computed_at END
      FROM (SELECT date_trunc('hour', made.recorded_at + apart, 'UTC') AS start,
                   array_agg(DISTINCT decision.event_position) AS labeled,
                   bool_or(entered.is_retracted) AS is_retracted
              FROM (SELECT event_stream, false AS is_retracted
                      FROM {Label._meta.db_table} WHERE position >= %(first)s
                     UNION
                    SELECT event_stream, true FROM {Amendment._meta.db_table}
                     WHERE position >= %(first)s AND kind = 'retraction') entered
              JOIN scoring_logentry made ON made.stream = entered.event_stream AND made.type = 'decision.made'
              JOIN scoring_decision decision ON decision.position = made.position
             CROSS JOIN unnest('{{-5 s,5 s}}'::interval[]) AS apart
             WHERE starts_with(entered.event_stream, %(prefix)s)
             GROUP BY 1) changed
     WHERE hour.event_type = %(event_type)s AND hour.start = changed.start
       AND NOT (hour.stale AND hour.labeled @> changed.labeled AND NOT changed.is_retracted)
"""  # noqa: S608


def mark_changed(kind: type[EventType]) -> int:
    """Tell the hours whose events got another label or were retracted of them; returns how many.

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
        _up_to_date(kind, hour, known.get(hour), now=now)
        for hour in _hours(start, until=min(start + DAY, now))
    ]


def _hours(start: datetime, *, until: datetime) -> Iterator[datetime]:
    while start < until:
        yield start
        start += HOUR


def _up_to_date(
    kind: type[EventType], start: datetime, row: BusinessHour | None, *, now: datetime
) -> Counted:
    """The figures of an hour; as far as they may have changed, they are counted."""
    is_complete = row is not None and row.computed_at >= start + HOUR + GRACE
    if is_complete and row is not None and not row.stale:
        return sum_counted([_from_data(row.figures), _from_data(row.differences)])
    if is_complete and row is not None:
        figures, labeled, computed_at = _from_data(row.figures), row.labeled, row.computed_at
    else:
        counted = count_hour(kind, start)
        figures, labeled, computed_at = counted.figures, counted.labeled, now
    differences = count_labels(kind, start, labeled, figures=figures)
    stored = {"figures": _as_data(figures), "differences": _as_data(differences), "labeled": labeled}
    BusinessHour.objects.update_or_create(
        event_type=kind.name,
        start=start,
        defaults={**stored, "stale": False, "computed_at": computed_at},
    )
    return sum_counted([figures, differences])


def _from_data(data: Mapping[str, Any]) -> Counted:
    return {
        field: {name: DayFigures(**figures) for name, figures in segments.items()}
        for field, segments in data.items()
    }


def _as_data(counted: Counted) -> dict[str, Any]:
    return {
        field: {name: data for name, each in segments.items() if (data := each.as_data())}
        for field, segments in counted.items()
    }


def prune_hours(*, kind: type[EventType], now: datetime) -> int:
    """Delete the hours whose days are not computed again; returns how many."""
    before = now - kind.matures_after - 3 * DAY
    return BusinessHour.objects.filter(event_type=kind.name, start__lt=before).delete()[0]
