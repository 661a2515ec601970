"""Appends to the log: entries, their projections' rows and the SQL alongside them, all or nothing.

Nothing outside `scoring/log` writes to the log; bulk loads call `writing/bulk.py` directly.

A few entries take one statement, and one round trip unless they change existing rows of projections.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from scoring.log.entries import Entry, NewEntry
from scoring.log.errors import StreamConflict
from scoring.log.projections import changes_existing_rows, replaces_rows
from scoring.log.writing.alongside import NO_EXTRAS, Alongside
from scoring.log.writing.bulk import append_bulk, run_clauses, run_first
from scoring.log.writing.insert import insert

# The number of entries from which COPY with its preparation costs less than one long statement.
COPY_FROM = 64


def append(entries: Sequence[NewEntry], *, now: datetime, alongside: Alongside = NO_EXTRAS) -> list[Entry]:
    """Append `entries` and fold them into their projections, in the caller's transaction or one of its own.

    Each becomes version `expected_version + 1` of its stream. Raises `StreamConflict` when a stream is at
    another version, or when the guard of `alongside` does not hold; the surrounding transaction can then only
    be rolled back (to continue after it, wrap the call in its own `atomic()`).
    """
    if len(entries) >= COPY_FROM or replaces_rows({new.type for new in entries}):
        return append_bulk(entries, now=now, alongside=alongside)
    with _one_transaction(entries):
        return insert(entries, now=now, alongside=alongside)


def append_new(
    entries: Sequence[NewEntry], *, now: datetime, alongside: Alongside = NO_EXTRAS
) -> tuple[list[Entry], list[NewEntry]]:
    """Append the first entries of streams. Returns those written and those whose stream already existed.

    A stream given twice is written once; its second entry counts as existing. `alongside` runs in either
    case.
    """
    first: dict[str, NewEntry] = {}
    for new in entries:
        if new.expected_version != 0:
            raise ValueError(f"append_new begins streams; {new.stream!r} was given at {new.expected_version}")
        first.setdefault(new.stream, new)
    begin = _begin_many if len(first) >= COPY_FROM else _begin_few
    written = begin(list(first.values()), now=now, alongside=alongside)
    begun = {entry.stream for entry in written}
    return written, [new for new in entries if new.stream not in begun or first[new.stream] is not new]


def _one_transaction(entries: Sequence[NewEntry]) -> AbstractContextManager[Any]:
    """A transaction if states are folded, which takes further statements; one statement needs none."""
    if changes_existing_rows({new.type for new in entries}):
        return transaction.atomic(savepoint=False)
    return transaction.mark_for_rollback_on_error()


def _begin_few(entries: Sequence[NewEntry], *, now: datetime, alongside: Alongside) -> list[Entry]:
    with _one_transaction(entries):
        return insert(entries, now=now, alongside=alongside, leave_out_existing=True)


def _begin_many(entries: Sequence[NewEntry], *, now: datetime, alongside: Alongside) -> list[Entry]:
    with transaction.atomic(savepoint=False):
        run_first(alongside)
        existing = _existing_streams(entries)
        try:
            with transaction.atomic():  # a savepoint: another writer may begin one of the streams meanwhile
                written = append_bulk([new for new in entries if new.stream not in existing], now=now)
        except StreamConflict:  # another writer did: insert the remaining ones row by row
            written = insert(entries, now=now, alongside=NO_EXTRAS, leave_out_existing=True)
        run_clauses(alongside, written)
        return written


def _existing_streams(entries: Sequence[NewEntry]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT stream FROM scoring_logentry WHERE stream = ANY(%s) AND stream_version = 1",
            [[new.stream for new in entries]],
        )
        return {row[0] for row in cursor.fetchall()}
