"""The events of a view: exported ones come from the offline store, the rest from the log."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from django.db import connection

from scoring.batch.views import BatchView, ViewEvents
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity
from scoring.catalog.registry import event_type as find_event_type
from scoring.log.entries import LAST_POSITION, Cursor
from scoring.log.texts import read_texts
from scoring.offline.amendments import NEVER_US, EventVersions, read_versions
from scoring.offline.columns import coded, event_schema, event_table, integers, numbers
from scoring.offline.export import present_layout
from scoring.offline.reading import RECEIVED_AT, open_store
from scoring.offline.segments import held_columns
from scoring.offline.store import Manifest, OfflineStore
from scoring.timestamps import from_micros

# Entries after the export in the log's reading order.
_BEYOND = """
    SELECT said.position
      FROM scoring_logentry said
      JOIN scoring_event event ON event.position = said.position
     WHERE (said.epoch, said.txid, said.position) > (%s, %s::text::xid8, %s)
       AND event.type = %s AND {occurred_at} >= %s AND {occurred_at} < %s AND said.position <= %s
""".replace("{occurred_at}", RECEIVED_AT)
_ROWS_A_READ = 50_000
_HEAD = ("_position", "_occurred_at", "_recorded_at", "_history")
LATEST_US = 253_402_300_799_000_000  # 9999-12-31T23:59:59Z


def read_events(
    view: BatchView,
    *,
    since_us: int = 0,
    until_us: int = LATEST_US,
    log_position: int = LAST_POSITION,
    store: OfflineStore | None = None,
) -> ViewEvents:
    """The view's events that occurred in [since, until), from the log up to `log_position`.

    `store` defaults to that of the settings. Raises OfflineStoreOfAnotherLog.
    """
    kind = find_event_type(view.source)
    table = _read(
        kind,
        _columns_of(view, kind),
        log_position=log_position,
        store=store,
        since_us=since_us,
        until_us=until_us,
    )
    amended = read_versions(view.source, log_position=log_position)
    if amended:
        versions = [each.held_at(NEVER_US - 1) for each in amended]
        table = _instead(view, table, amended, versions)
        occurred = integers(table["_occurred_at"])
        table = table.filter(pa.array((occurred >= since_us) & (occurred < until_us)))
    return _view_events(view, table)


def read_received(
    views: Sequence[BatchView],
    *,
    also: Collection[str] = (),
    log_position: int = LAST_POSITION,
    store: OfflineStore | None = None,
) -> pa.Table:
    """The events up to `log_position` as received, for views of one event type.

    `read_timely_events` takes the table. `also`: fields to include besides those that the views read, and
    columns of every event. Raises OfflineStoreOfAnotherLog.
    """
    kind = find_event_type(views[0].source)
    fields = [name for view in views for name in _columns_of(view, kind)]
    return _read(kind, [*fields, *held_columns(kind, also)], log_position=log_position, store=store)


def read_timely_events(
    view: BatchView,
    *,
    log_position: int = LAST_POSITION,
    store: OfflineStore | None = None,
    received: pa.Table | None = None,
) -> ViewEvents:
    """The events from which the view would have been computed if it had always existed.

    A version is assumed to be published one period after its `as_of`, so it includes earlier events received
    within that period; history counts as received when it occurred. Later events, corrections and retractions
    are excluded, which errs on the side of knowing too little. `received`: what `read_received` gave for this
    view and others, so that they share one reading.
    """
    if received is None:
        received = read_received([view], log_position=log_position, store=store)
    table = received.select([*_HEAD, *_columns_of(view, find_event_type(view.source))])
    amended = read_versions(view.source, log_position=log_position)
    if amended:
        table = _instead(view, table, amended, _held_in_time(view, table, amended))
    occurred, recorded = integers(table["_occurred_at"]), integers(table["_recorded_at"])
    first_read = (occurred // view.every_us + 2) * view.every_us
    in_time = table["_history"].to_numpy() | (recorded < first_read)
    return _view_events(view, table.filter(pa.array(in_time)))


def _held_in_time(view: BatchView, table: pa.Table, amended: Sequence[EventVersions]) -> list[int | None]:
    """The version of each amended event that the first view version including the event would have read."""
    positions = integers(table["_position"])
    rows = np.flatnonzero(np.isin(positions, [each.event for each in amended]))
    occurred = dict(
        zip(positions[rows].tolist(), integers(table["_occurred_at"])[rows].tolist(), strict=True)
    )
    return [each.held_at((occurred[each.event] // view.every_us + 2) * view.every_us) for each in amended]


def _instead(
    view: BatchView, table: pa.Table, amended: Sequence[EventVersions], versions: Sequence[int | None]
) -> pa.Table:
    """The table with these versions of amended events instead of their receipts; None drops the event."""
    kind = find_event_type(view.source)
    events = np.array([each.event for each in amended])
    rest = table.filter(pa.array(~np.isin(integers(table["_position"]), events)))
    held = np.array([version for version in versions if version is not None], dtype=np.int64)
    fields = _columns_of(view, kind)
    read = [
        event_table(kind, read_texts(held[start : start + _ROWS_A_READ]), fields).select([*_HEAD, *fields])
        for start in range(0, len(held), _ROWS_A_READ)
    ]
    return pa.concat_tables([rest, *read]).unify_dictionaries()


def _read(
    kind: type[EventType],
    fields: list[str],
    *,
    log_position: int,
    store: OfflineStore | None,
    since_us: int = 0,
    until_us: int = LATEST_US,
) -> pa.Table:
    columns = list(dict.fromkeys([*_HEAD, *fields]))
    opened, manifest = open_store(store)
    if manifest.layout.get(f"events/type={kind.name}") != present_layout()[f"events/type={kind.name}"]:
        manifest = Manifest()  # stored with other fields than the type has now
    stored = opened.read(
        f"events/type={kind.name}",
        manifest=_of_days(manifest, since_us, until_us),
        columns=columns,
        schema=event_schema(kind),
    )
    occurred = integers(stored["_occurred_at"])
    wanted = (occurred >= since_us) & (occurred < until_us)
    wanted &= integers(stored["_position"]) <= log_position
    tables = [stored.filter(pa.array(wanted))]
    positions = _positions_beyond(manifest.cursor, kind.name, since_us, until_us, log_position)
    tables += [event_table(kind, read_texts(part), fields).select(columns) for part in positions]
    return pa.concat_tables(tables).unify_dictionaries()


def _columns_of(view: BatchView, kind: type[EventType]) -> list[str]:
    entities = [view.source_field(kind, entity) for entity in view.entities]
    return list(dict.fromkeys([*entities, *(field.name for field in view.fields)]))


def _of_days(manifest: Manifest, since_us: int, until_us: int) -> Manifest:
    """The manifest with only the partitions of these days."""
    first, last = (from_micros(moment).date().isoformat() for moment in (since_us, until_us))
    files = [file for file in manifest.files if first <= file.partition.rpartition("day=")[2] <= last]
    return replace(manifest, files=tuple(files))


def _positions_beyond(
    cursor: Cursor, event_type: str, since_us: int, until_us: int, log_position: int
) -> Iterator[np.ndarray]:
    moments = [from_micros(since_us), from_micros(until_us)]
    with connection.cursor() as db:
        db.execute(_BEYOND, [*cursor, event_type, *moments, log_position])
        positions = np.array(db.fetchall(), dtype=np.int64).reshape(-1)
    for start in range(0, len(positions), _ROWS_A_READ):
        yield positions[start : start + _ROWS_A_READ]


def _view_events(view: BatchView, table: pa.Table) -> ViewEvents:
    kind = find_event_type(view.source)
    times = integers(table["_occurred_at"])
    order = np.lexsort((integers(table["_position"]), times))
    table = table.take(order)
    named_entities = zip(view.names_of_entities, view.entities, strict=True)
    columns = {name: view.source_field(kind, entity) for name, entity in named_entities}
    columns |= {field.name: field.name for field in view.fields}
    named = {name for name, column in columns.items() if isinstance(kind.fields[column], Entity | Category)}
    return ViewEvents(
        times=times[order],
        names={name: coded(table[columns[name]]) for name in columns if name in named},
        numbers={name: numbers(table[columns[name]]) for name in columns if name not in named},
    )
