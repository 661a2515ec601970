"""Cursors of consumers: how far each has read; moved by the process that holds the row's lock."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from scoring.log.entries import START, Cursor

_READ = "SELECT name, epoch, txid, position, error FROM scoring_consumercursor WHERE name = ANY(%s)"
_LOCK = f"{_READ} FOR UPDATE SKIP LOCKED"
# A crash may then lose the effect together with its cursor, so the effect is repeated.
_LOCK_WITH_ASYNC_COMMIT = f"SET LOCAL synchronous_commit TO off; {_LOCK}"
_CREATE = """
INSERT INTO scoring_consumercursor (name, epoch, txid, position, error, updated_at)
SELECT given.name, 0, 0, 0, '', %s FROM unnest(%s) AS given (name) ON CONFLICT (name) DO NOTHING
"""
_MOVE = """
UPDATE scoring_consumercursor
SET epoch = %s, txid = %s, position = %s, updated_at = %s,
    error = '', failed_position = NULL, failed_at = NULL
WHERE name = ANY(%s)
"""


class CursorState(NamedTuple):
    """The position of a consumer, and the error that has stopped it."""

    cursor: Cursor
    error: str = ""


NEW = CursorState(START)


def read_cursors(names: Iterable[str]) -> dict[str, CursorState]:
    """The cursor states of consumers; those that have never run are absent."""
    return _cursor_states(_READ, names)


def lock_cursors(names: Iterable[str], *, may_be_lost: bool = False) -> dict[str, CursorState]:
    """The cursor states that no other process has locked, locked until the transaction ends.

    `may_be_lost`: the commit does not wait for the disk. Not for a transaction that appends: a crash could
    remove an entry that another process has already read and copied elsewhere.
    """
    return _cursor_states(_LOCK_WITH_ASYNC_COMMIT if may_be_lost else _LOCK, names)


def create_cursors(names: Iterable[str], *, now: datetime) -> None:
    """Create missing cursors at the beginning of the log; existing ones stay as they are."""
    with connection.cursor() as db:
        db.execute(_CREATE, [now, sorted(names)])


def move_cursors(names: Collection[str], cursor: Cursor, *, now: datetime) -> None:
    """Move consumers, whose cursors the caller has locked, to `cursor` and clear their errors."""
    with connection.cursor() as db:
        db.execute(_MOVE, [*cursor, now, list(names)])


def _cursor_states(sql: str, names: Iterable[str]) -> dict[str, CursorState]:
    with connection.cursor() as db:
        db.execute(sql, [list(names)])
        return {name: CursorState(Cursor(*place), error) for name, *place, error in db.fetchall()}
