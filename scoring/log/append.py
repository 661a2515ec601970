"""The only writer of the log: entries and the rows of their projections, in one transaction."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import IntegrityError, connection, transaction

from scoring.errors import StreamConflict
from scoring.log.entries import Entry, NewEntry, canonical_json
from scoring.log.epochs import CURRENT_EPOCH, check_epoch_once
from scoring.log.projections import fold_into_tables
from scoring.log.tables import copy_values, mogrify_rows
from scoring.log.upcasters import current_version

# From so many entries on, COPY with its preparation costs less than parsing one long INSERT.
COPY_FROM = 64

_POSITIONS = "'scoring_logentry_position_seq'"

# Positions are given out in the order of the entries, rows are written in the order of their streams: two
# batches that share streams then wait for each other in one direction instead of deadlocking. An entry whose
# predecessor is missing is left out, like one whose place is taken; the scalar subquery (not EXISTS) keeps
# that look-up an index probe, which the planner cannot turn into a hash over the whole log.
_INSERT = f"""
WITH given AS (
    SELECT nextval({_POSITIONS}) AS position, v.*
    FROM (VALUES {{rows}}) AS v (stream, version, previous, type, schema, data, packed, metadata, recorded_at)
)
INSERT INTO scoring_logentry
    (position, epoch, stream, stream_version, type, schema_version, data, packed, metadata, recorded_at)
SELECT position, {CURRENT_EPOCH}, stream, version, type, schema, data, packed::bytea, metadata, recorded_at
FROM given
WHERE previous = 0 OR (
    SELECT position FROM scoring_logentry p
    WHERE p.stream = given.stream AND p.stream_version = given.previous
) IS NOT NULL
ORDER BY stream, version
ON CONFLICT (stream, stream_version) DO NOTHING
RETURNING stream, stream_version, position, epoch, txid::text::bigint
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


class Place(NamedTuple):
    """Where an entry came to stand."""

    position: int
    epoch: int
    txid: int


class Draft(NamedTuple):
    """A new entry with its text as the log will hold it."""

    new: NewEntry
    schema_version: int
    data: str
    metadata: str


def append(entries: Sequence[NewEntry], *, now: datetime) -> list[Entry]:
    """Append `entries` and fold them into their projections, in the caller's transaction or one of its own.

    Each becomes version `expected_version + 1` of its stream. Raises `StreamConflict` when a stream stands at
    another version; the surrounding transaction can then only be rolled back (to go on after it, wrap the
    call in an `atomic()` of its own).
    """
    if len(entries) >= COPY_FROM:
        return append_bulk(entries, now=now)
    with transaction.atomic(savepoint=False):
        written = _insert(entries, now=now)
        if len(written) < len(entries):
            raise _first_conflict(entries, written)
        fold_into_tables(written, bulk=False)
        return written


def append_new(entries: Sequence[NewEntry], *, now: datetime) -> tuple[list[Entry], list[NewEntry]]:
    """Append the first entries of streams. Gives those written and those whose stream existed already.

    A stream given twice is written once; its second entry counts as existing.
    """
    first: dict[str, NewEntry] = {}
    for new in entries:
        if new.expected_version != 0:
            raise ValueError(f"append_new begins streams; {new.stream!r} was given at {new.expected_version}")
        first.setdefault(new.stream, new)
    with transaction.atomic(savepoint=False):
        written = _begin_streams(list(first.values()), now=now)
    begun = {entry.stream for entry in written}
    return written, [new for new in entries if new.stream not in begun or first[new.stream] is not new]


def append_bulk(entries: Sequence[NewEntry], *, now: datetime) -> list[Entry]:
    """`append` by COPY, for up to 10,000 entries: one `StreamConflict` refuses the whole batch."""
    first_versions = _check_consecutive(entries)
    if not entries:
        return []
    with transaction.atomic(savepoint=False):
        check_epoch_once()
        _check_predecessors(first_versions)
        drafts = [_draft(new) for new in entries]
        places = _allocate(len(entries))
        try:
            copy_values(connection, "scoring_logentry", _COLUMNS, _copy_rows(drafts, places, now))
        except IntegrityError as error:
            raise _conflict_of(error) from error
        written = [_entry(draft, place, now) for draft, place in zip(drafts, places, strict=True)]
        fold_into_tables(written, bulk=True)
        return written


def _begin_streams(entries: Sequence[NewEntry], *, now: datetime) -> list[Entry]:
    if len(entries) >= COPY_FROM:
        existing = _existing_streams(entries)
        try:
            with transaction.atomic():  # a savepoint: another writer may begin one of the streams meanwhile
                return append_bulk([new for new in entries if new.stream not in existing], now=now)
        except StreamConflict:
            pass  # it did: insert what is left to insert, row by row
    written = _insert(entries, now=now)
    fold_into_tables(written, bulk=False)
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


def _insert(entries: Sequence[NewEntry], *, now: datetime) -> list[Entry]:
    """The entries that could be written, in the order given."""
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
    with connection.cursor() as cursor:
        cursor.execute(_INSERT.format(rows=mogrify_rows(cursor, rows)))
        places = {(stream, version): Place(*place) for stream, version, *place in cursor.fetchall()}
    keyed = ((draft, places.get((draft.new.stream, draft.new.stream_version))) for draft in drafts)
    return [_entry(draft, place, now) for draft, place in keyed if place is not None]


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


def _first_conflict(entries: Sequence[NewEntry], written: Sequence[Entry]) -> StreamConflict:
    keys = {(entry.stream, entry.stream_version) for entry in written}
    refused = next(new for new in entries if (new.stream, new.stream_version) not in keys)
    return StreamConflict(refused.stream, refused.expected_version)


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


def _conflict_of(error: IntegrityError) -> StreamConflict | IntegrityError:
    detail = getattr(getattr(error.__cause__, "diag", None), "message_detail", None) or ""
    taken = re.search(r"=\((?P<stream>.*), (?P<version>\d+)\)", detail)
    if taken is None:
        return error
    return StreamConflict(taken["stream"], int(taken["version"]) - 1)


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
