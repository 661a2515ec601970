"""Advisory locks of PostgreSQL: one holder of a name at a time, released with its session or transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from django.db import OperationalError
from django.db import connection as default_connection
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg2.errors import LockNotAvailable

# A machine that vanishes must not keep a lock for the server's default of two hours.
KEEPALIVES = "SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"


class LockSpace(IntEnum):
    """The first key of every advisory lock; the second is the hash of a name within the space.

    The numbers keep our locks apart from those of another application in the same database.
    """

    LANE = 0x41535359  # "ASSY"; the name is the lane
    LANE_REBUILD = 0x41535242  # the lane
    OFFLINE_EXPORT = 0x41534F45
    INVESTIGATION = 0x4153494E
    BATCH_VIEWS = 0x41534256
    IMPORT = 0x41534946  # the import's stream
    TRAINING = 0x41535452
    BACKTEST = 0x41534254
    BULK_ACTION = 0x41534255
    EVALUATION = 0x41534556
    REVIEWER = 0x41535256  # the reviewer
    EXPERIMENT = 0x41534558  # the event type
    LIST_IMPORT = 0x41534C49  # the number of the import
    RULESET = 0x41535253
    TEXT_INDEX = 0x41535458  # the index
    REMOTE_CONSUMER = 0x41535243  # the consumer
    TRIGGERS = 0x41535447  # the event type
    SIMILAR_CASES = 0x41535343  # the index
    ALERTS = 0x4153414C  # the key of an alert; none for the evaluation


@contextmanager
def session_lock(
    space: LockSpace, name: str = "", *, connection: BaseDatabaseWrapper = default_connection
) -> Iterator[bool]:
    """Hold a lock for the length of the block; yields False, holding nothing, when another session has it.

    If the connection drops, the lock is released.
    """
    held = try_lock(space, name, connection=connection)
    try:
        yield held
    finally:
        if held:
            unlock(space, name, connection=connection)


def lock_until_commit(space: LockSpace, name: str) -> None:
    """Wait for a lock and hold it until the current transaction ends."""
    with default_connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [space, name])


def try_lock(
    space: LockSpace, name: str = "", *, connection: BaseDatabaseWrapper = default_connection
) -> bool:
    """Take a lock for the session if it is free; returns whether it was. Locks of one session nest."""
    with connection.cursor() as cursor:
        cursor.execute(KEEPALIVES)
        cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [space, name])
        return bool(cursor.fetchone()[0])


def wait_for_lock(
    space: LockSpace,
    name: str = "",
    *,
    timeout: float | None = None,
    connection: BaseDatabaseWrapper = default_connection,
) -> bool:
    """Take a lock for the session, ahead of callers of `try_lock`; False if `timeout` seconds pass first."""
    with connection.cursor() as cursor:
        cursor.execute(KEEPALIVES)
        cursor.execute(f"SET lock_timeout = {int((timeout or 0) * 1000)}")  # 0: no limit
        try:
            cursor.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [space, name])
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                return False
            raise
        finally:
            if not connection.connection.closed:
                cursor.execute("RESET lock_timeout")
        return True


def unlock(space: LockSpace, name: str = "", *, connection: BaseDatabaseWrapper = default_connection) -> None:
    """Release a session's lock; a closed connection has released it already."""
    if connection.connection is None or connection.connection.closed:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [space, name])
