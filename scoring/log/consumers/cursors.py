"""Cursors of consumers: how far each has read; moved by the process that holds the row's lock."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from scoring.log.entries import START, Cursor

_READ = "SELECT name, epoch, txid, position, error FROM scoring_consumercursor WHERE name = ANY(%s)"
_LOCK = f"{_READ} FOR UPDATE SKIP LOCKED"
# What a crash then loses is the effect with its cursor: it is done again.
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
    """Where consumers stand; those that have never run are absent."""
    return _cursor_states(_READ, names)


def lock_cursors(names: Iterable[str], *, may_be_lost: bool = False) -> dict[str, CursorState]:
    """The same for those that no other process has locked, locked until the transaction ends.

    `may_be_lost`: its commit does not wait for the disk. Not where it appends: a process that had read
    what a crash then takes back, and had written it elsewhere, would keep what never was.
    """
    return _cursor_states(_LOCK_WITH_ASYNC_COMMIT if may_be_lost else _LOCK, names)


def create_cursors(names: Iterable[str], *, now: datetime) -> None:
    """Have consumers stand at the beginning of the log; those that stand somewhere stay there."""
    with connection.cursor() as db:
        db.execute(_CREATE, [now, sorted(names)])


def move_cursors(names: Collection[str], cursor: Cursor, *, now: datetime) -> None:
    """Have consumers, whose cursors the caller has locked, stand at `cursor` without an error."""
    with connection.cursor() as db:
        db.execute(_MOVE, [*cursor, now, list(names)])


def _cursor_states(sql: str, names: Iterable[str]) -> dict[str, CursorState]:
    with connection.cursor() as db:
        db.execute(sql, [list(names)])
        return {name: CursorState(Cursor(*place), error) for name, *place, error in db.fetchall()}
