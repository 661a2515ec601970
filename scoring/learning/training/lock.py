"""One training at a time: an advisory lock of PostgreSQL, which ends with the process that held it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from scoring.sql.advisory_locks import LockSpace, session_lock


@contextmanager
def held_training_lock() -> Iterator[bool]:
    """Hold the lock for the length of the block; yields False, holding nothing, when another process has it.

    It belongs to a database session of its own: the training's connection may be renewed meanwhile without
    another process taking the run for ended.
    """
    own = connection.copy()
    try:
        with session_lock(LockSpace.TRAINING, connection=own) as held:
            yield held
    finally:
        own.close()
