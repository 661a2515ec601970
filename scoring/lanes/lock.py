"""One holder a lane: a PostgreSQL advisory lock of the session, gone with the process that held it."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.db import OperationalError, connection
from psycopg2.errors import LockNotAvailable

from scoring.lanes.errors import RebuildUnderWay
from scoring.lanes.takeover import take_over
from scoring.signals.heartbeat import beating

NAMESPACE = 0x41535359  # "ASSY": keeps our locks apart from another application's in the same database


@contextmanager
def held_lane(
    lane: str, *, wait: bool = False, patience: float | None = None, watch: bool = False
) -> Iterator[bool]:
    """Hold a lane for the length of the block; yields False, holding nothing, when another process has it.

    `wait`: until it is free, at most `patience` seconds. Who waits comes before all who only ask. `watch`:
    the holder, for some seconds, to take over from a frozen one. While it is held a thread beats. The lock
    belongs to the database session. Should the connection drop, the lock goes with it; the lane stream's
    version and the cursor in Redis then refuse whatever the former holder still tries to write.
    """
    got = _wait(lane, patience) if wait else _try(lane)
    if not got and watch:
        got = take_over(lane, namespace=NAMESPACE, try_lock=lambda: _try(lane))
    try:
        with beating(lane) if got else nullcontext():
            yield got
    finally:
        if got:
            _unlock(lane)


@contextmanager
def sole_rebuild(lane: str) -> Iterator[None]:
    """Be the one that rebuilds a lane's online states. Raises RebuildUnderWay."""
    name = f"rebuild of {lane}"
    if not _try(name):
        raise RebuildUnderWay(lane)
    try:
        yield
    finally:
        _unlock(name)


def _try(name: str) -> bool:
    _notice_vanished_machines()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [NAMESPACE, name])
        return bool(cursor.fetchone()[0])


def _wait(name: str, patience: float | None) -> bool:
    _notice_vanished_machines()
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {int((patience or 0) * 1000)}")  # 0: no limit
        try:
            cursor.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [NAMESPACE, name])
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                return False
            raise
        finally:
            if not connection.connection.closed:
                cursor.execute("RESET lock_timeout")
        return True


def _notice_vanished_machines() -> None:
    """A machine that vanishes must not keep the lane until the server's default of two hours has passed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
        )


def _unlock(name: str) -> None:
    if connection.connection is None or connection.connection.closed:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [NAMESPACE, name])
