"""One training at a time: a PostgreSQL advisory lock, gone with the process that held it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

TRAINING = 0x4153535954524E47  # "ASSYTRNG": the key space of one number is apart from that of the lanes' two


@contextmanager
def held_training_lock() -> Iterator[bool]:
    """Hold the lock for the length of the block; yields False, holding nothing, when another process has it.

    It belongs to a database session of its own: the work's connection may be renewed on the way without
    anybody else taking the run for ended.
    """
    own = connection.copy()
    try:
        held = _try_lock(own)
        yield held
        if held:  # at once; a closed session is noticed a moment later, when somebody may have tried in vain
            _unlock(own)
    finally:
        own.close()


def _try_lock(own: BaseDatabaseWrapper) -> bool:
    with own.cursor() as cursor:
        # A machine that vanishes must not keep the lock until the server's default of two hours has passed.
        cursor.execute(
            "SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
        )
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [TRAINING])
        return bool(cursor.fetchone()[0])


def _unlock(own: BaseDatabaseWrapper) -> None:
    with own.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [TRAINING])
