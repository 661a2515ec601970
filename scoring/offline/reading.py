"""Labels and category values for training: exported rows from the offline store, the rest from the log."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from scoring.catalog.registry import event_type as find_event_type
from scoring.log.entries import LAST_POSITION
from scoring.log.read import read_positions
from scoring.offline.amendments import read_versions
from scoring.offline.columns import LABELS, as_type, event_schema, resolve_event_positions
from scoring.offline.export import check_same_log, present_layout
from scoring.offline.store import Manifest, OfflineStore
from scoring.timestamps import from_iso, to_micros

_SAID = ("position", "event_position", "known_at", "effective", "effective_policies")
SAID = pa.schema({name: LABELS.field(name).type for name in _SAID})
# Entries after the export in the log's reading order.
_LABELS = """
    SELECT label.position, event.position, (extract(epoch FROM label.known_at) * 1000000)::bigint,
           label.effective,
           (SELECT string_agg(name, ',') FROM jsonb_array_elements_text(label.effective_policies) AS name)
      FROM scoring_logentry said
      JOIN scoring_label label ON label.position = said.position
      JOIN scoring_logentry event ON event.stream = label.event_stream AND event.stream_version = 1
     WHERE (said.epoch, said.txid, said.position) > (%s, %s::text::xid8, %s)
       AND starts_with(label.event_stream, %s) AND label.position <= %s
"""
# The time of an event according to its receipt; the event table has the time of the latest version.
RECEIVED_AT = """(CASE WHEN event.versions = 1 THEN event.occurred_at
                  ELSE (said.data::json ->> 'occurred_at')::timestamptz END)"""
# One pass over the log for all fields: OFFSET 0 keeps the planner from parsing the payload for each of them.
_VALUES = """
    SELECT named.at, payload.data -> named.part ->> named.name, count(*)
      FROM scoring_logentry said
      JOIN scoring_event event ON event.position = said.position
     CROSS JOIN LATERAL (SELECT said.data::jsonb AS data OFFSET 0) payload
     CROSS JOIN unnest(%s::int[], %s::text[], %s::text[]) AS named (at, part, name)
     WHERE (said.epoch, said.txid, said.position) > (%s, %s::text::xid8, %s)
       AND event.type = %s AND {occurred_at} <= %s
     GROUP BY 1, 2
""".replace("{occurred_at}", RECEIVED_AT)
_ROWS_A_FETCH = 50_000

Progress = Callable[[int], None]


def _unwatched(count: int) -> None:
    """Progress that is not shown."""


def open_store(store: OfflineStore | None = None) -> tuple[OfflineStore, Manifest]:
    """The store (by default that of the settings) and its manifest. Raises OfflineStoreOfAnotherLog."""
    store = store or OfflineStore()
    manifest = store.manifest()
    check_same_log(store, manifest)
    return store, manifest


def read_label_rows(
    event_type: str,
    *,
    log_position: int | None = None,
    store: OfflineStore | None = None,
    progress: Progress = _unwatched,
) -> pa.Table:
    """The labels recorded up to `log_position` for received events of this type, in log order.

    Columns `position`, `event_position`, `known_at`, and `effective`: the event's label from then on (null:
    none), with `effective_policies` joined by commas (null: none). `progress` is called with numbers of
    labels read.
    """
    last = LAST_POSITION if log_position is None else log_position
    opened, manifest = open_store(store)
    columns = ["event_type", "event", *SAID.names]
    stored = opened.read("labels", manifest=manifest, columns=columns, schema=LABELS)
    stored = stored.filter(
        pc.and_(pc.equal(stored["event_type"], event_type), pc.less_equal(stored["position"], last))
    )
    stored = resolve_event_positions(stored).select(SAID.names)
    progress(len(stored))
    later = _read_labels(manifest, event_type, last, progress)
    said = pa.concat_tables([stored, *later]).unify_dictionaries()
    return said.filter(pc.is_valid(said["event_position"])).sort_by("position")


def count_values(
    event_type: str, names: Sequence[str], *, as_of: datetime, store: OfflineStore | None = None
) -> dict[str, dict[str, int]]:
    """For each category the number of events up to `as_of` with each of its values, as known then.

    `names`: of fields, or the columns of signals. They are read together, in one pass.
    """
    if not names:
        return {}
    kind = find_event_type(event_type)
    parts = ["signals" if name in kind.signals else "fields" for name in names]
    opened, manifest = open_store(store)
    counts: list[Counter[Any]] = [Counter() for _ in names]
    table, cursor = f"events/type={event_type}", manifest.cursor
    if manifest.layout.get(table) == present_layout()[table]:
        schema = event_schema(kind)
        rows = opened.read(table, manifest=manifest, columns=["_occurred_at", *names], schema=schema)
        known = rows.filter(pc.less_equal(rows["_occurred_at"], pa.scalar(as_of)))
        for counted, name in zip(counts, names, strict=True):
            for count in known[name].cast(pa.string()).value_counts().to_pylist():
                counted[count["values"]] += count["counts"]
    else:
        cursor = Manifest().cursor
    with connection.cursor() as db:
        db.execute(_VALUES, [list(range(len(names))), parts, list(names), *cursor, event_type, as_of])
        for at, value, count in db.fetchall():
            counts[at][value] += count
    _correct_counts(counts, event_type, list(zip(parts, names, strict=True)), as_of)
    return {
        name: {value: count for value, count in counted.items() if value is not None and count > 0}
        for name, counted in zip(names, counts, strict=True)
    }


def _correct_counts(
    counts: Sequence[Counter[Any]], event_type: str, fields: Sequence[tuple[str, str]], as_of: datetime
) -> None:
    """Count amended events by their version valid at `as_of` instead of their receipt."""
    at = to_micros(as_of)
    held = {each.event: each.held_at(at) for each in read_versions(event_type)}
    changed = {event: version for event, version in held.items() if version != event}
    positions = {*changed, *(version for version in changed.values() if version is not None)}
    entries = {entry.position: entry.data for entry in read_positions(sorted(positions))}
    for event, version in changed.items():
        for position, sign in ((event, -1), (version, 1)):
            if position is not None and from_iso(entries[position]["occurred_at"]) <= as_of:
                for counted, (part, name) in zip(counts, fields, strict=True):
                    counted[entries[position].get(part, {}).get(name)] += sign


def _read_labels(manifest: Manifest, event_type: str, last: int, progress: Progress) -> list[pa.Table]:
    """The labels recorded after the export."""
    tables = []
    with connection.chunked_cursor() as cursor:
        cursor.execute(_LABELS, [*manifest.cursor, f"{event_type}/", last])
        while rows := cursor.fetchmany(_ROWS_A_FETCH):
            tables.append(_table_of(rows))
            progress(len(rows))
    return tables


def _table_of(rows: Sequence[Sequence[Any]]) -> pa.Table:
    positions, events, moments, values, policies = zip(*rows, strict=True)
    columns = [
        pa.array(positions, pa.int64()),
        pa.array(events, pa.int64()),
        pa.array(np.array(moments, dtype=np.int64)),
        pa.array(values, pa.string()),
        pa.array(policies, pa.string()),
    ]
    return pa.table(
        {field.name: as_type(column, field.type) for field, column in zip(SAID, columns, strict=True)}
    )
