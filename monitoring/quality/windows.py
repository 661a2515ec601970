"""The windows of senders and fields: written by a consumer of the log, pruned by a nightly task.

Counts of refused and repeated events, which the log does not have, are moved here from Redis.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import connection
from django.db.models import Model

from monitoring.models import FieldDay, FieldWindow, SenderWindow, SubmissionWindow
from monitoring.quality.counting import (
    FieldCounts,
    FieldHour,
    SenderCounts,
    SenderHour,
    count_receipts,
    sum_to_days,
)
from monitoring.windows.hourly import ADD_BY_NAME, to_hour
from scoring.log.consumers.registry import Consumer
from scoring.log.entries import Entry
from scoring.signals.submissions import read_submissions
from scoring.sql.bulk_tables import mogrify_rows

HOURS_KEPT = timedelta(days=10)  # of fields: pages show the last days by hour
DAYS_KEPT = timedelta(days=100)  # of fields by day, of senders and submissions by hour

_SENDER_SUMS = ("received", "live", "ahead", "late", "too_late")
_FIELD_SUMS = ("present", "missing")


def add_to_quality_windows(entries: Sequence[Entry], *, now: datetime) -> None:
    """Count receipts in the windows still kept, in the caller's transaction."""
    counted = count_receipts(entries)
    days_since, hours_since = _day(now - DAYS_KEPT), to_hour(now - HOURS_KEPT)
    fields = {key: counts for key, counts in counted.fields.items() if key.start >= days_since}
    senders = {key: counts for key, counts in counted.senders.items() if key.start >= days_since}
    _add(SenderWindow, SenderHour._fields, _SENDER_SUMS, "delays", _sender_rows(senders))
    _add(FieldDay, FieldHour._fields, _FIELD_SUMS, "bins", _field_rows(sum_to_days(fields)))
    latest = {key: counts for key, counts in fields.items() if key.start >= hours_since}
    _add(FieldWindow, FieldHour._fields, _FIELD_SUMS, "bins", _field_rows(latest))


def _sender_rows(senders: Mapping[SenderHour, SenderCounts]) -> list[tuple[Any, ...]]:
    return [
        (*key, *(getattr(counts, name) for name in _SENDER_SUMS), _json(counts.delays))
        for key, counts in sorted(senders.items())  # sorted, so that two writers cannot deadlock
    ]


def _field_rows(fields: Mapping[FieldHour, FieldCounts]) -> list[tuple[Any, ...]]:
    return [
        (*key, counts.present, counts.missing, _json(counts.bins)) for key, counts in sorted(fields.items())
    ]


def _json(counts: Counter[int]) -> str:
    return orjson.dumps(dict(sorted(counts.items())), option=orjson.OPT_NON_STR_KEYS).decode()


def _add(
    model: type[Model], key: Sequence[str], sums: Sequence[str], by_name: str, rows: list[tuple[Any, ...]]
) -> None:
    """Add rows of (*key, *sums, by_name) to a table: sums are summed, and counts by name added by name."""
    if not rows:
        return
    updates = [*(f"{name} = w.{name} + EXCLUDED.{name}" for name in sums), ADD_BY_NAME.format(column=by_name)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} AS w ({', '.join((*key, *sums, by_name))})"  # noqa: S608
            f" VALUES {mogrify_rows(cursor, rows)}"
            f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {', '.join(updates)}"
        )


def empty_quality_windows() -> None:
    """Delete all windows that are counted from the log, before that is done again."""
    for model in (SenderWindow, FieldDay, FieldWindow):
        model._default_manager.all().delete()


def move_submissions(*, now: datetime) -> int:
    """Store the counts of this hour and the one before; returns how many series there are.

    Redis has sums, so that storing them again changes nothing. Raises redis.RedisError.
    """
    rows = [row for hour in (now - timedelta(hours=1), now) for row in _submissions_of(to_hour(hour))]
    if rows:
        table = SubmissionWindow._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} AS w (event_type, source, field, kind, start, count)"  # noqa: S608
                f" VALUES {mogrify_rows(cursor, sorted(rows))}"
                " ON CONFLICT (event_type, source, field, kind, start)"
                " DO UPDATE SET count = greatest(w.count, EXCLUDED.count)"
            )
    return len(rows)


def _submissions_of(hour: datetime) -> Iterable[tuple[Any, ...]]:
    return [(*found, hour, count) for found, count in read_submissions(hour).items()]


def prune_quality_windows(*, now: datetime) -> int:
    """Delete windows past their retention; returns how many."""
    deleted, _ = FieldWindow.objects.filter(start__lt=to_hour(now - HOURS_KEPT)).delete()
    for model in (FieldDay, SenderWindow, SubmissionWindow):
        deleted += model._default_manager.filter(start__lt=_day(now - DAYS_KEPT)).delete()[0]
    return deleted


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


QUALITY = Consumer(
    name="monitoring.quality",
    types=frozenset({"event.received"}),
    handle=add_to_quality_windows,
    reset=empty_quality_windows,
)
