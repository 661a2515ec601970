"""One holder a lane: a PostgreSQL advisory lock of the session, gone with the process that held it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

NAMESPACE = 0x41535359  # "ASSY": keeps our locks apart from another application's in the same database


@contextmanager
def held_lane(lane: str, *, wait: bool = False) -> Iterator[bool]:
    """Hold a lane for the length of the block; yields False, holding nothing, when another process has it.

    The lock belongs to the database session. Should the connection drop, the lock goes with it; the lane
    stream's version and the cursor in Redis then refuse whatever the former holder still tries to write.
    """
    got = _lock(lane, wait=wait)
    try:
        yield got
    finally:
        if got:
            _unlock(lane)


def _lock(lane: str, *, wait: bool) -> bool:
    with connection.cursor() as cursor:
        # A machine that vanishes must not keep the lane until the server's default of two hours has passed.
        cursor.execute(
            "SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
        )
        if wait:
            cursor.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [NAMESPACE, lane])
            return True
        cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [NAMESPACE, lane])
        return bool(cursor.fetchone()[0])


def _unlock(lane: str) -> None:
    if connection.connection is None or connection.connection.closed:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [NAMESPACE, lane])
