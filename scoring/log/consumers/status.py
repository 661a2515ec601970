"""The state of the log and its consumers."""

from datetime import datetime
from typing import NamedTuple

from django.db import connection

from scoring.log.consumers.registry import registered_consumers
from scoring.log.entries import START, Cursor
from scoring.log.epochs import current_epoch
from scoring.log.models import ConsumerCursor
from scoring.log.read import HorizonLag, count_after, horizon_lag
from scoring.sql.bulk_tables import mogrify_rows

# For each consumer, how many of the next entries after its cursor are of its types: one range of the reading
# order.
_NEAR_LAGS = """
SELECT given.name, coalesce(c.error, ''), c.failed_position, c.updated_at, (
    SELECT count(*) FROM (
        SELECT l.type FROM scoring_logentry l
        WHERE (l.epoch, l.txid, l.position)
            > (coalesce(c.epoch, 0), coalesce(c.txid, 0)::text::xid8, coalesce(c.position, 0))
        ORDER BY l.epoch, l.txid, l.position LIMIT %s
    ) AS ahead WHERE ahead.type = ANY(given.types)
)
FROM (VALUES {consumers}) AS given (name, types)
LEFT JOIN scoring_consumercursor c ON c.name = given.name
ORDER BY given.name
"""


class ConsumerStatus(NamedTuple):
    """A consumer: `lag` counts the entries it still has to handle, `error` says why it has stopped."""

    name: str
    lag: int
    error: str
    failed_position: int | None


class ConsumerHealth(NamedTuple):
    """A consumer's state, cheap enough for a page: `lag` counts only among the next entries of the log.

    `ran_at`: when it last ran; None if it never did.
    """

    name: str
    error: str
    failed_position: int | None
    ran_at: datetime | None
    lag: int


class LogStatus(NamedTuple):
    """The log's length, its epoch, what readers cannot see yet, and its consumers."""

    entries: int
    last_position: int
    epoch: int
    horizon: HorizonLag
    consumers: list[ConsumerStatus]


def read_status() -> LogStatus:
    """The present state of the log; counts every entry, so not for pages that are requested often."""
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


def consumer_health(*, max_lag: int) -> list[ConsumerHealth]:
    """Every registered consumer, by name, in one query that looks at up to `max_lag` entries for each."""
    registered = [(consumer.name, sorted(consumer.types)) for consumer in registered_consumers()]
    if not registered:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_NEAR_LAGS.format(consumers=mogrify_rows(cursor, registered)), [max_lag])
        return [ConsumerHealth(*row) for row in cursor.fetchall()]
