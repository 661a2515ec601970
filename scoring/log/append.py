"""The only writer of the log: entries, the rows of their projections and what goes with them, all or nothing.

A few entries are one statement, and where no state is folded a transaction of its own: one round trip.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper

from scoring.errors import StreamConflict
from scoring.log.beside import ALONE, Beside
from scoring.log.entries import Entry, NewEntry, canonical_json
from scoring.log.epochs import CURRENT_EPOCH, check_epoch_once
from scoring.log.projections import copy_into_tables, fold_into_states, has_states, row_projections
from scoring.log.tables import copy_values, insert_beside, mogrify_rows
from scoring.log.upcasters import current_version

# From so many entries on, COPY with its preparation costs less than parsing one long INSERT.
COPY_FROM = 64

_POSITIONS = "'scoring_logentry_position_seq'"

# Positions are given out in the order of the entries, rows are written in the order of their streams: two
# batches that share streams then wait for each other in one direction instead of deadlocking. What must not
# be written is given to the table without its version (the predecessor is missing) or without its stream (the
# guard does not hold): NOT NULL then refuses the whole statement. The scalar subquery (not EXISTS) keeps the
# look-up of the predecessor an index probe, which the planner cannot turn into a hash over the whole log.
_INSERT = f"""
{{first}}
WITH {{before}} given AS (
    SELECT nextval({_POSITIONS}) AS position, v.*
    FROM (VALUES {{rows}}) AS v (stream, version, previous, type, schema, data, packed, metadata, recorded_at)
),
written AS (
    INSERT INTO scoring_logentry
        (position, epoch, stream, stream_version, type, schema_version, data, packed, metadata, recorded_at)
    SELECT position, {CURRENT_EPOCH}, CASE WHEN {{guard}} THEN stream END,
           CASE WHEN previous = 0 OR (
               SELECT position FROM scoring_logentry p
               WHERE p.stream = given.stream AND p.stream_version = given.previous
           ) IS NOT NULL THEN version END,
           type, schema, data, packed::bytea, metadata, recorded_at
    FROM given
    ORDER BY given.stream, given.version
    {{on_conflict}}
    RETURNING stream, stream_version, position, epoch, txid
)
{{after}}
SELECT stream, stream_version, position, epoch, txid::text::bigint FROM written
"""
_LEAVE_OUT = "ON CONFLICT (stream, stream_version) DO NOTHING"

_WRITTEN_ELSEWHERE = """
WITH written AS (
    SELECT * FROM unnest(%s::text[], %s::int[], %s::bigint[]) AS w (stream, stream_version, position)
)
"""

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
_ALLOCATE = f"""
SELECT array_agg(nextval({_POSITIONS})), {CURRENT_EPOCH}, pg_current_xact_id()::text::bigint
FROM generate_series(1, %s)
"""
_MISSING = """
SELECT stream, version FROM unnest(%s::text[], %s::int[]) AS given (stream, version)
WHERE (SELECT position FROM scoring_logentry p
       WHERE p.stream = given.stream AND p.stream_version = given.version) IS NULL
LIMIT 1
"""


_TAKEN = re.compile(r"=\((?P<stream>.*), (?P<version>\d+)\)")
_WITHOUT_VERSION = re.compile(r"\(\d+, \d+, \d+, (?P<stream>.*?), null, ")


class Place(NamedTuple):
    """Where an entry came to stand."""

    position: int
    epoch: int
    txid: int


NOWHERE = Place(-1, -1, -1)  # of an entry that is yet to be written


class Draft(NamedTuple):
    """A new entry with its text as the log will hold it."""

    new: NewEntry
    schema_version: int
    data: str
    metadata: str


def append(entries: Sequence[NewEntry], *, now: datetime, beside: Beside = ALONE) -> list[Entry]:
    """Append `entries` and fold them into their projections, in the caller's transaction or one of its own.

    Each becomes version `expected_version + 1` of its stream. Raises `StreamConflict` when a stream stands at
    another version, or when the guard of what is written `beside` does not hold; the surrounding transaction
    can then only be rolled back (to go on after it, wrap the call in an `atomic()` of its own).
    """
    if len(entries) >= COPY_FROM:
        return append_bulk(entries, now=now, beside=beside)
    with _one_transaction(entries):
        return _insert(entries, now=now, beside=beside, on_conflict="")


def append_new(
    entries: Sequence[NewEntry], *, now: datetime, beside: Beside = ALONE
) -> tuple[list[Entry], list[NewEntry]]:
    """Append the first entries of streams. Gives those written and those whose stream existed already.

    A stream given twice is written once; its second entry counts as existing. What is written `beside` is
    written whatever existed.
    """
    first: dict[str, NewEntry] = {}
    for new in entries:
        if new.expected_version != 0:
            raise ValueError(f"append_new begins streams; {new.stream!r} was given at {new.expected_version}")
        first.setdefault(new.stream, new)
    begin = _begin_many if len(first) >= COPY_FROM else _begin_few
    written = begin(list(first.values()), now=now, beside=beside)
    begun = {entry.stream for entry in written}
    return written, [new for new in entries if new.stream not in begun or first[new.stream] is not new]


def append_bulk(entries: Sequence[NewEntry], *, now: datetime, beside: Beside = ALONE) -> list[Entry]:
    """`append` by COPY, for up to 10,000 entries: one `StreamConflict` refuses the whole batch."""
    first_versions = _check_consecutive(entries)
    if not entries:
        return []
    with transaction.atomic(savepoint=False):
        check_epoch_once()
        _run_first(beside)
        _check_predecessors(first_versions)
        drafts = [_draft(new) for new in entries]
        places = _allocate(len(entries))
        try:
            copy_values(connection, "scoring_logentry", _COLUMNS, _copy_rows(drafts, places, now))
        except IntegrityError as error:
            raise _conflict_of(error, entries) from error
        written = [_entry(draft, place, now) for draft, place in zip(drafts, places, strict=True)]
        copy_into_tables(written)
        if not _run_clauses(beside, written):
            raise _refused(entries)
        return written


def _one_transaction(entries: Sequence[NewEntry]) -> AbstractContextManager[Any]:
    """States are folded in statements of their own, everything else is one statement anyway."""
    if has_states({new.type for new in entries}):
        return transaction.atomic(savepoint=False)
    return transaction.mark_for_rollback_on_error()


def _begin_few(entries: Sequence[NewEntry], *, now: datetime, beside: Beside) -> list[Entry]:
    with _one_transaction(entries):
        return _insert(entries, now=now, beside=beside, on_conflict=_LEAVE_OUT)


def _begin_many(entries: Sequence[NewEntry], *, now: datetime, beside: Beside) -> list[Entry]:
    with transaction.atomic(savepoint=False):
        _run_first(beside)
        existing = _existing_streams(entries)
        try:
            with transaction.atomic():  # a savepoint: another writer may begin one of the streams meanwhile
                written = append_bulk([new for new in entries if new.stream not in existing], now=now)
        except StreamConflict:  # it did: insert what is left to insert, row by row
            written = _insert(entries, now=now, beside=ALONE, on_conflict=_LEAVE_OUT)
        _run_clauses(beside, written)
        return written


def _existing_streams(entries: Sequence[NewEntry]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT stream FROM scoring_logentry WHERE stream = ANY(%s) AND stream_version = 1",
            [[new.stream for new in entries]],
        )
        return {row[0] for row in cursor.fetchall()}


def _draft(new: NewEntry) -> Draft:
    return Draft(new, current_version(new.type), canonical_json(new.data), canonical_json(new.metadata))


def _insert(entries: Sequence[NewEntry], *, now: datetime, beside: Beside, on_conflict: str) -> list[Entry]:
    """The entries that could be written, in the order given, with the rows of their projections."""
    first_versions = _check_consecutive(entries)
    if not entries:
        return []
    check_epoch_once()
    drafts = [_draft(new) for new in entries]
    rows = [
        (
            new.stream,
            new.stream_version,
            new.expected_version if first_versions[new.stream] == new.stream_version else 0,
            new.type,
            schema,
            data,
            new.packed,
            metadata,
            now,
        )
        for new, schema, data, metadata in drafts
    ]
    unplaced = [_entry(draft, NOWHERE, now) for draft in drafts]
    with connection.cursor() as cursor:
        clauses = [f", {clause}" for clause in (*_row_clauses(cursor, unplaced), *beside.clauses)]
        try:
            cursor.execute(
                _INSERT.format(
                    first=beside.first and f"{beside.first};",
                    before=beside.before and f"{beside.before},",
                    rows=mogrify_rows(cursor, rows),
                    guard=beside.guard,
                    on_conflict=on_conflict,
                    after="".join(clauses),
                )
            )
        except IntegrityError as error:
            raise _conflict_of(error, entries) from error
        places = {(stream, version): place for stream, version, *place in cursor.fetchall()}
    keyed = ((entry, places.get((entry.stream, entry.stream_version))) for entry in unplaced)
    written = [
        replace(entry, position=place[0], epoch=place[1], txid=place[2]) for entry, place in keyed if place
    ]
    fold_into_states(written)
    return written


def _row_clauses(cursor: CursorWrapper, entries: Sequence[Entry]) -> list[str]:
    """The inserts of projections' rows, each at the position its entry came to stand at."""
    clauses = []
    for projection in row_projections({entry.type for entry in entries}):
        keyed = [
            (entry.stream, entry.stream_version, row) for entry in entries for row in projection.rows([entry])
        ]
        if keyed:
            clauses.append(insert_beside(cursor, projection.table, keyed, key=NOWHERE.position))
    return clauses


def _run_first(beside: Beside) -> None:
    if beside.first:
        with connection.cursor() as cursor:
            cursor.execute(beside.first)


def _run_clauses(beside: Beside, written: Sequence[Entry]) -> bool:
    """Run what goes with entries that were written by other statements; False if the guard does not hold."""
    clauses = [clause for clause in (beside.before, *beside.clauses) if clause]
    if not clauses:
        return True
    with connection.cursor() as cursor:
        streams = [entry.stream for entry in written]
        versions = [entry.stream_version for entry in written]
        positions = [entry.position for entry in written]
        given = cursor.mogrify(_WRITTEN_ELSEWHERE, [streams, versions, positions]).decode()
        cursor.execute(f"{given}, {', '.join(clauses)} SELECT {beside.guard}")
        return bool(cursor.fetchone()[0])


def _check_consecutive(entries: Sequence[NewEntry]) -> dict[str, int]:
    """The first version given for each stream. Raises `StreamConflict` for a gap after it."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for new in entries:
        if last.setdefault(new.stream, new.expected_version) != new.expected_version:
            raise StreamConflict(new.stream, new.expected_version)
        first.setdefault(new.stream, new.stream_version)
        last[new.stream] = new.stream_version
    return first


def _check_predecessors(first_versions: Mapping[str, int]) -> None:
    previous = {stream: version - 1 for stream, version in first_versions.items() if version > 1}
    if not previous:
        return
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, [list(previous), list(previous.values())])
        row = cursor.fetchone()
    if row is not None:
        raise StreamConflict(row[0], row[1])


def _allocate(count: int) -> list[Place]:
    with connection.cursor() as cursor:
        cursor.execute(_ALLOCATE, [count])
        positions, epoch, txid = cursor.fetchone()
    return [Place(position, epoch, txid) for position in positions]


def _copy_rows(drafts: Sequence[Draft], places: Sequence[Place], now: datetime) -> list[tuple[Any, ...]]:
    rows = [
        (*place, new.stream, new.stream_version, new.type, schema, data, new.packed, metadata, now)
        for (new, schema, data, metadata), place in zip(drafts, places, strict=True)
    ]
    return sorted(rows, key=lambda row: (row[3], row[4]))  # the same order of locks as in _INSERT


def _conflict_of(error: IntegrityError, entries: Sequence[NewEntry]) -> StreamConflict | IntegrityError:
    """What the log's own constraints say of `entries`; any other error as it is."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is None or diagnosis.table_name != "scoring_logentry":
        return error
    detail = diagnosis.message_detail or ""
    if taken := _TAKEN.search(detail):
        return StreamConflict(taken["stream"], int(taken["version"]) - 1)
    if diagnosis.column_name == "stream_version" and (row := _WITHOUT_VERSION.search(detail)):
        begun = row["stream"].removesuffix("...")  # the server cuts long values
        missing = (new for new in entries if new.expected_version and new.stream.startswith(begun))
        return _refused(list(missing) or entries)
    return _refused(entries) if diagnosis.column_name == "stream" else error


def _refused(entries: Sequence[NewEntry]) -> StreamConflict:
    return StreamConflict(entries[0].stream, entries[0].expected_version)


def _entry(draft: Draft, place: Place, now: datetime) -> Entry:
    """What a reader will see: data come back from JSON, so that a rebuild folds the same."""
    return Entry(
        position=place.position,
        epoch=place.epoch,
        txid=place.txid,
        stream=draft.new.stream,
        stream_version=draft.new.stream_version,
        type=draft.new.type,
        schema_version=draft.schema_version,
        data=orjson.loads(draft.data),
        packed=draft.new.packed,
        metadata=orjson.loads(draft.metadata),
        recorded_at=now,
    )
