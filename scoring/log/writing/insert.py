"""Insert a few entries, their projections' rows and what goes with them by one prepared statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection

from scoring.log.entries import Entry, NewEntry
from scoring.log.epochs import CURRENT_EPOCH, check_epoch_once
from scoring.log.projections import fold_into_states, row_projections
from scoring.log.writing.alongside import Alongside
from scoring.log.writing.conflicts import conflict_of
from scoring.log.writing.drafts import (
    POSITIONS,
    UNWRITTEN,
    Draft,
    EntryPlace,
    check_consecutive,
    draft,
    entry_of,
)
from scoring.sql.bulk_tables import insert_alongside
from scoring.sql.statements import Sql, execute_often, joined, unnested

# Positions follow the order of the entries; rows are written in the order of their streams, so that two
# batches that share streams wait in one direction instead of deadlocking. A row that must not be written gets
# no version (its predecessor is missing) or no stream (the guard does not hold): NOT NULL then refuses the
# whole statement. The scalar subquery (not EXISTS) keeps the lookup of the predecessor an index probe, which
# the planner cannot turn into a hash over the whole log.
_GIVEN = f"given AS (SELECT nextval({POSITIONS}) AS position, v.* FROM {{rows}} AS v ({{columns}}))"
_GIVEN_COLUMNS = "stream, version, previous, type, schema, data, packed, metadata"
_GIVEN_TYPES = ("text", "int", "int", "text", "int", "text", "bytea", "text")
_INSERT = f"""
written AS (
    INSERT INTO scoring_logentry
        (position, epoch, stream, stream_version, type, schema_version, data, packed, metadata, recorded_at)
    SELECT position, {CURRENT_EPOCH}, CASE WHEN {{guard}} THEN stream END,
           CASE WHEN previous = 0 OR (
               SELECT position FROM scoring_logentry p
               WHERE p.stream = given.stream AND p.stream_version = given.previous
           ) IS NOT NULL THEN version END,
           type, schema, data, packed, metadata, %s::timestamptz
    FROM given
    ORDER BY given.stream, given.version
    {{on_conflict}}
    RETURNING stream, stream_version, position, epoch, txid
)
"""
_LEAVE_OUT = "ON CONFLICT (stream, stream_version) DO NOTHING"
_PLACES = Sql("SELECT stream, stream_version, position, epoch, txid::text::bigint FROM written")


def insert(
    entries: Sequence[NewEntry], *, now: datetime, alongside: Alongside, leave_out_existing: bool = False
) -> list[Entry]:
    """Insert entries with the rows of their projections; returns those written, in the order given.

    Raises StreamConflict if one cannot be written; with `leave_out_existing`, entries whose version exists
    are left out instead.
    """
    first_versions = check_consecutive(entries)
    if not entries:
        return []
    check_epoch_once()
    drafts = [draft(new) for new in entries]
    unplaced = [entry_of(each, UNWRITTEN, now) for each in drafts]
    statement = _statement(
        [
            alongside.before,
            _given(drafts, first_versions),
            _written(alongside.guard, now=now, on_conflict=_LEAVE_OUT if leave_out_existing else ""),
            *_row_clauses(unplaced),
            *alongside.clauses,
        ]
    )
    places = _run(statement, entries, first=alongside.first)
    keyed = ((entry, places.get((entry.stream, entry.stream_version))) for entry in unplaced)
    written = [
        entry._replace(position=place.position, epoch=place.epoch, txid=place.txid)
        for entry, place in keyed
        if place
    ]
    fold_into_states(written)
    return written


def _statement(queries: Sequence[Sql]) -> Sql:
    return joined([Sql("WITH"), joined(queries, ", "), _PLACES])


def _given(drafts: Sequence[Draft], first_versions: Mapping[str, int]) -> Sql:
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
        )
        for new, schema, data, metadata in drafts
    ]
    unnest = unnested(list(zip(*rows, strict=True)), _GIVEN_TYPES)
    return Sql(_GIVEN.format(rows=unnest.text, columns=_GIVEN_COLUMNS), unnest.values)


def _written(guard: Sql, *, now: datetime, on_conflict: str) -> Sql:
    return Sql(_INSERT.format(guard=guard.text, on_conflict=on_conflict), (*guard.values, now))


def _row_clauses(entries: Sequence[Entry]) -> list[Sql]:
    """The inserts of projections' rows; a row that is keyed by position gets that of its entry."""
    clauses = []
    for projection in row_projections({entry.type for entry in entries}):
        keyed = [
            (entry.stream, entry.stream_version, row) for entry in entries for row in projection.rows([entry])
        ]
        if keyed:
            key = UNWRITTEN.position if projection.keyed_by_position else None
            clauses.append(insert_alongside(projection.table, keyed, key=key))
    return clauses


def _run(statement: Sql, entries: Sequence[NewEntry], *, first: Sql) -> dict[tuple[str, int], EntryPlace]:
    """Where entries were written, by stream and version."""
    with connection.cursor() as cursor:
        try:
            execute_often(cursor, *([first] if first.text else []), statement)
        except IntegrityError as error:
            raise conflict_of(error, entries) from error
        found: list[Any] = cursor.fetchall()
    return {(stream, version): EntryPlace(*place) for stream, version, *place in found}
