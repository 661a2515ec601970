"""One training at a time: a PostgreSQL advisory lock, which is released if its process dies."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from scoring.sql.advisory_locks import LockSpace, session_lock


@contextmanager
def held_training_lock() -> Iterator[bool]:
    """Hold the lock during the block; yields False if another process holds it.

    It uses its own database session, so that the training's connection can be renewed without losing the
    lock.
    """
    own = connection.copy()
    try:
        with session_lock(LockSpace.TRAINING, connection=own) as held:
            yield held
    finally:
        own.close()
