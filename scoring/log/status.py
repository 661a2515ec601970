"""How the log and those who follow it are doing."""

from typing import NamedTuple

from django.db import connection

from scoring.log.consumers import registered_consumers
from scoring.log.entries import START, Cursor
from scoring.log.epochs import current_epoch
from scoring.log.models import ConsumerCursor
from scoring.log.read import HorizonLag, count_after, horizon_lag


class ConsumerStatus(NamedTuple):
    """A consumer: `lag` counts the entries it has still to handle, `error` says why it stands still."""

    name: str
    lag: int
    error: str
    failed_position: int | None


class LogStatus(NamedTuple):
    """The log's length, its epoch, what readers cannot see yet, and its consumers."""

    entries: int
    last_position: int
    epoch: int
    horizon: HorizonLag
    consumers: list[ConsumerStatus]


def read_status() -> LogStatus:
    """The present state of the log; counts every entry, so not for a page that is asked for often."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), COALESCE(max(position), 0) FROM scoring_logentry")
        entries, last_position = cursor.fetchone()
    return LogStatus(entries, last_position, current_epoch(), horizon_lag(), consumer_statuses())


def consumer_statuses() -> list[ConsumerStatus]:
    """Every registered consumer with its lag, by name."""
    rows = {row.name: row for row in ConsumerCursor.objects.all()}
    statuses = []
    for consumer in registered_consumers():
        row = rows.get(consumer.name)
        cursor = Cursor(row.epoch, row.txid, row.position) if row else START
        lag = count_after(cursor, types=consumer.types)
        statuses.append(
            ConsumerStatus(consumer.name, lag, row.error if row else "", row.failed_position if row else None)
        )
    return statuses
