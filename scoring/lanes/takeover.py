"""Take a lane over from a frozen holder by ending its database session, and its lock with it.

Whatever the holder still writes when it wakes up is refused, by the version of the lane's stream in the log
and by the cursor in Redis. A holder that is mistaken for frozen loses some work; nothing else happens.
"""

import logging
import time
from typing import NamedTuple

import redis
from django.db import DatabaseError, connection

from scoring.signals import heartbeat
from scoring.sql.advisory_locks import LockSpace, try_lock

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
CONFIRM_SECONDS = 0.6  # without a beat: longer than between two, as Redis may have lost the last one
WATCH_SECONDS = heartbeat.KEPT_SECONDS + CONFIRM_SECONDS + 0.5
TERMINATE_TIMEOUT_MS = 1_000

# The lock is (space, hash of the lane): objsubid 2 is the form of two keys.
HOLDER = """
    SELECT l.pid, extract(epoch FROM clock_timestamp() - a.state_change)::float8
      FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND l.classid = %s::bigint::oid AND l.objid = (hashtext(%s)::bigint & 4294967295)::oid
"""


class Holder(NamedTuple):
    """The session that holds a lane. `quiet`: seconds since its last use; None if that cannot be seen."""

    session: int
    quiet: float | None


def take_over(lane: str) -> bool:
    """Watch the holder of a lane for some seconds and end it if it is frozen; whether the lane is held then.

    Returns at the holder's next heartbeat.
    """
    try:
        return _take_over(lane)
    except redis.RedisError as error:
        logger.warning("lane %s: its holder cannot be watched: %s", lane, error)
        return False


def _take_over(lane: str) -> bool:
    ends, seen, last_at = time.monotonic() + WATCH_SECONDS, heartbeat.last_beat(lane), time.monotonic()
    while (now := time.monotonic()) < ends:
        beat = heartbeat.last_beat(lane)
        if beat is not None and beat != seen:
            return False
        if beat is not None:
            last_at = now
        if now - last_at > CONFIRM_SECONDS:
            return _end_holder(lane) and try_lock(LockSpace.LANE, lane)
        if try_lock(LockSpace.LANE, lane):
            return True
        time.sleep(LOOK_SECONDS)
    return False


def _end_holder(lane: str) -> bool:
    """End the session that holds the lane unless it is in use; returns whether it is gone."""
    holder = _find_holder(lane)
    if holder is None:
        return True
    if holder.quiet is not None and holder.quiet < heartbeat.KEPT_SECONDS:
        return False
    logger.warning(
        "lane %s: its holder is frozen (PostgreSQL session %d, unused for %s s); ending its session",
        lane,
        holder.session,
        "?" if holder.quiet is None else f"{holder.quiet:.1f}",
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, %s)", [holder.session, TERMINATE_TIMEOUT_MS])
            return bool(cursor.fetchone()[0])
    except DatabaseError as error:
        logger.error(
            "lane %s: session %d cannot be ended (%s); let all workers use one PostgreSQL role, or end it"
            " yourself",
            lane,
            holder.session,
            error,
        )
        return False


def _find_holder(lane: str) -> Holder | None:
    with connection.cursor() as cursor:
        cursor.execute(HOLDER, [LockSpace.LANE, lane])
        row = cursor.fetchone()
    return Holder(*row) if row else None
