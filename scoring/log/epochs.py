"""Epochs: ranges of the log whose transaction ids come from one database cluster and can be compared."""

import weakref
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from scoring.log.errors import LogAheadOfCluster
from scoring.log.models import LogEpoch

CURRENT_EPOCH = "COALESCE((SELECT max(number) FROM scoring_logepoch), 1)"

# The highest id in the log and the next one of the cluster. The current transaction is excluded: while it
# runs, its id may be at or above the snapshot's xmax, which follows the last transaction that ended. Ordered
# by the table's own columns: a bare `txid` would mean the cast above, which no index covers, so PostgreSQL
# would sort the whole log.
AHEAD = f"""
SELECT txid::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint
FROM scoring_logentry
WHERE epoch = {CURRENT_EPOCH} AND txid IS DISTINCT FROM pg_current_xact_id_if_assigned()
ORDER BY scoring_logentry.epoch DESC, scoring_logentry.txid DESC, scoring_logentry.position DESC LIMIT 1
"""

_checked: "weakref.WeakSet[Any]" = weakref.WeakSet()


def current_epoch() -> int:
    """The epoch in which entries are written now."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {CURRENT_EPOCH}")
        return int(cursor.fetchone()[0])


def check_epoch() -> None:
    """Raise `LogAheadOfCluster` when the current epoch holds transaction ids this cluster has not reached.

    New entries would sort before entries already read, so readers would skip them.
    """
    with connection.cursor() as cursor:
        cursor.execute(AHEAD)
        row = cursor.fetchone()
    if row is not None and row[0] >= row[1]:
        raise LogAheadOfCluster(txid=row[0], next_txid=row[1])


def check_epoch_once() -> None:
    """`check_epoch` at the first use of each database connection: a restore always breaks connections."""
    connection.ensure_connection()
    if connection.connection not in _checked:
        check_epoch()
        _checked.add(connection.connection)


def begin_epoch(*, now: datetime) -> LogEpoch:
    """Start a new epoch: all earlier entries are visible and come first in reading order."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Writers read the epoch in the statement that writes; this lock waits for those in progress and
        # blocks new ones, so that no entry of the old epoch can become visible after the new one has begun.
        cursor.execute("LOCK TABLE scoring_logentry IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(f"SELECT {CURRENT_EPOCH}, COALESCE((SELECT max(position) FROM scoring_logentry), 0)")
        number, last_position = cursor.fetchone()
        return LogEpoch.objects.create(number=number + 1, first_position=last_position + 1, started_at=now)
