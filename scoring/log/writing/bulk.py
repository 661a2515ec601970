"""Append thousands of entries by COPY, in a few statements of one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from scoring.log.entries import Entry, NewEntry
from scoring.log.epochs import CURRENT_EPOCH, check_epoch_once
from scoring.log.errors import StreamConflict
from scoring.log.projections import copy_into_tables
from scoring.log.writing.alongside import NO_EXTRAS, Alongside
from scoring.log.writing.conflicts import conflict_of, refused
from scoring.log.writing.drafts import POSITIONS, Draft, EntryPlace, check_consecutive, draft, entry_of
from scoring.sql.bulk_tables import copy_values
from scoring.sql.statements import Sql, joined, unnested

_COLUMNS = [
    "position",
    "epoch",
    "txid",
    "stream",
    "stream_version",
    "type",
    "schema_version",
    "data",
    "packed",
    "metadata",
    "recorded_at",
]
# Takes the lock of an insert before it reads the epoch, and so waits for an epoch that is beginning.
_ALLOCATE = f"""
LOCK TABLE scoring_logentry IN ROW EXCLUSIVE MODE;
SELECT array_agg(nextval({POSITIONS})), {CURRENT_EPOCH}, pg_current_xact_id()::text::bigint
FROM generate_series(1, %s)
"""
_MISSING = """
SELECT stream, version FROM unnest(%s::text[], %s::int[]) AS given (stream, version)
WHERE (SELECT position FROM scoring_logentry p
       WHERE p.stream = given.stream AND p.stream_version = given.version) IS NULL
LIMIT 1
"""


def append_bulk(
    entries: Sequence[NewEntry], *, now: datetime, alongside: Alongside = NO_EXTRAS
) -> list[Entry]:
    """`append` by COPY, for up to 10,000 entries: one `StreamConflict` refuses the whole batch."""
    first_versions = check_consecutive(entries)
    if not entries:
        return []
    with transaction.atomic(savepoint=False):
        check_epoch_once()
        run_first(alongside)
        _check_predecessors(first_versions)
        drafts = [draft(new) for new in entries]
        places = _allocate(len(entries))
        try:
            copy_values(connection, "scoring_logentry", _COLUMNS, _copy_rows(drafts, places, now))
        except IntegrityError as error:
            raise conflict_of(error, entries) from error
        written = [entry_of(each, place, now) for each, place in zip(drafts, places, strict=True)]
        copy_into_tables(written)
        if not run_clauses(alongside, written):
            raise refused(entries)
        return written


def run_first(alongside: Alongside) -> None:
    """Run the `first` statement of entries that are written by several statements."""
    if alongside.first.text:
        with connection.cursor() as cursor:
            cursor.execute(alongside.first.text, alongside.first.values)


def run_clauses(alongside: Alongside, written: Sequence[Entry]) -> bool:
    """Run the clauses of entries that were written by other statements; False if the guard does not hold."""
    clauses = [clause for clause in (alongside.before, *alongside.clauses) if clause.text]
    if not clauses:
        return True
    statement = joined(
        [Sql("WITH"), joined([_written(written), *clauses], ", "), Sql("SELECT"), alongside.guard]
    )
    with connection.cursor() as cursor:
        cursor.execute(statement.text, statement.values)
        return bool(cursor.fetchone()[0])


def _written(entries: Sequence[Entry]) -> Sql:
    places = [(entry.stream, entry.stream_version, entry.position) for entry in entries]
    rows = unnested(list(zip(*places, strict=True)) or [(), (), ()], ("text", "int", "bigint"))
    text = f"written AS (SELECT * FROM {rows.text} AS w (stream, stream_version, position))"
    return Sql(text, rows.values)


def _check_predecessors(first_versions: Mapping[str, int]) -> None:
    previous = {stream: version - 1 for stream, version in first_versions.items() if version > 1}
    if not previous:
        return
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, [list(previous), list(previous.values())])
        row = cursor.fetchone()
    if row is not None:
        raise StreamConflict(row[0], row[1])


def _allocate(count: int) -> list[EntryPlace]:
    with connection.cursor() as cursor:
        cursor.execute(_ALLOCATE, [count])
        positions, epoch, txid = cursor.fetchone()
    return [EntryPlace(position, epoch, txid) for position in positions]


def _copy_rows(drafts: Sequence[Draft], places: Sequence[EntryPlace], now: datetime) -> list[tuple[Any, ...]]:
    rows = [
        (*place, new.stream, new.stream_version, new.type, schema, data, new.packed, metadata, now)
        for (new, schema, data, metadata), place in zip(drafts, places, strict=True)
    ]
    return sorted(rows, key=lambda row: (row[3], row[4]))  # the same order of locks as in an insert
