"""Writes the investigation store: Parquet files of decisions and labels that follow the log.

    decided/type=payment/day=2026-03-01/00000012-0.parquet   by the day on which the event was received
    labels/type=payment/day=2026-03-02/00000012-1.parquet    by the day on which the label became known
    latest/type=payment/00000012-2.parquet                   of events with a later decision, or retracted

The store is a projection: if it is lost or belongs to another log, it is written anew.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import pyarrow as pa
from django.conf import settings
from django.db import connection

from reviews.investigation.store.columns import column_types, decision_table, label_table, latest_table
from reviews.investigation.store.merging import merge_small_files, without_old_days
from scoring.catalog.registry import event_types
from scoring.log.entries import START, Entry
from scoring.log.errors import EntryNotFound
from scoring.log.read import read_page, read_positions
from scoring.offline.store import Manifest, OfflineStore
from scoring.rules.rules.trial.decided_events import FeatureColumns
from scoring.sql.advisory_locks import LockSpace, session_lock
from scoring.timestamps import from_iso

TABLES = ("decided", "labels", "latest")
MADE, REVISED, RETRACTED = "decision.made", "decision.revised", "event.retracted"
LABEL_TYPES = ("label.recorded", "label.retracted")
TYPES = (MADE, REVISED, RETRACTED, *LABEL_TYPES)
ENTRIES_A_PAGE = 5_000
ROWS_A_COMMIT = 50_000
# The cursor moves past entries of other types without a new manifest, for at most this long.
CURSOR_KEPT_FOR = timedelta(minutes=10)

_RECEIPTS = "SELECT stream, position FROM scoring_logentry WHERE stream = ANY(%s) AND stream_version = 1"


@dataclass(frozen=True, slots=True)
class Followed:
    """What a run did. `caught_up`: the store holds all entries below the horizon of the run's start."""

    entries: int
    caught_up: bool
    manifest: Manifest


@dataclass
class _Part:
    """Tables that wait for their commit, by partition, and the columns by type."""

    tables: dict[str, list[pa.Table]] = field(default_factory=lambda: defaultdict(list))
    rows: int = 0
    last: Entry | None = None

    def add(self, partition: str, table: pa.Table) -> None:
        if table.num_rows:
            self.tables[partition].append(table)
            self.rows += table.num_rows


def investigation_store() -> OfflineStore:
    """The store at `settings.INVESTIGATION_URL`."""
    return OfflineStore(str(settings.INVESTIGATION_URL), tables=TABLES)


def follow_log(store: OfflineStore, *, now: datetime, max_entries: int | None = None) -> Followed | None:
    """Add new log entries to the store, at most about `max_entries`; None while another process does."""
    with session_lock(LockSpace.INVESTIGATION) as held:
        return _follow(store, now=now, max_entries=max_entries) if held else None


def tidy(store: OfflineStore, *, now: datetime) -> None:
    """Merge small files, and delete those that are too old or that no manifest names."""
    with session_lock(LockSpace.INVESTIGATION) as held:
        if held:
            kept = without_old_days(store.manifest(), now=now, days=settings.INVESTIGATION_DAYS)
            merge_small_files(store, kept, now=now)
            store.remove_leftovers(now=now)


def empty_store(store: OfflineStore) -> bool:
    """Delete everything, so that the next run begins anew; False while another process writes."""
    with session_lock(LockSpace.INVESTIGATION) as held:
        if held:
            store.clear()
        return held


def _follow(store: OfflineStore, *, now: datetime, max_entries: int | None) -> Followed:
    manifest = _usable_manifest(store)
    features: dict[str, FeatureColumns] = {}
    part, cursor, handled = _Part(), manifest.cursor, 0
    size = min(ENTRIES_A_PAGE, max_entries or ENTRIES_A_PAGE)
    oldest = now - timedelta(days=settings.INVESTIGATION_DAYS)
    while True:
        entries, cursor = read_page(cursor, types=TYPES, limit=size)
        _add_entries(part, entries, features, oldest)
        handled += len(entries)
        caught_up = len(entries) < size
        if caught_up or (max_entries is not None and handled >= max_entries):
            break
        if part.rows >= ROWS_A_COMMIT:
            manifest = _commit(store, manifest.followed_by(now=now, cursor=cursor), part)
            part = _Part()
    if handled or _is_old(manifest, now):
        manifest = _commit(store, manifest.followed_by(now=now, cursor=cursor), part)
    return Followed(handled, caught_up, manifest)


def _is_old(manifest: Manifest, now: datetime) -> bool:
    return not manifest.written_at or from_iso(manifest.written_at) < now - CURSOR_KEPT_FOR


def _usable_manifest(store: OfflineStore) -> Manifest:
    """The newest manifest; an empty one if the store holds another log's entries, or other columns."""
    manifest = store.manifest()
    if manifest.cursor == START or (_is_of_this_log(manifest) and not _conflicts(manifest)):
        return manifest
    store.clear()
    return Manifest()


def _is_of_this_log(manifest: Manifest) -> bool:
    if not manifest.mark:
        return True
    try:
        [entry] = read_positions([int(manifest.mark.partition(" ")[0])])
    except EntryNotFound:
        return False
    return _mark_of(entry) == manifest.mark


def _conflicts(manifest: Manifest) -> bool:
    """Whether a column has another type than the catalog gives it now."""
    for name, kind in event_types().items():
        held = manifest.layout.get(f"decided/type={name}", {})
        present = column_types(name) if held and kind.scored else {}
        if any(held[column] != present[column] for column in held.keys() & present.keys()):
            return True
    return False


def _mark_of(entry: Entry) -> str:
    """A fingerprint of an entry, which another log would not have at its position."""
    return f"{entry.position} {entry.txid} {entry.stream} {entry.recorded_at.isoformat()}"


def _add_entries(
    part: _Part, entries: Sequence[Entry], features: dict[str, FeatureColumns], oldest: datetime
) -> None:
    decisions: dict[str, list[Entry]] = defaultdict(list)
    labels: dict[str, list[Entry]] = defaultdict(list)
    latest: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.type in LABEL_TYPES:
            labels[entry.data["event"].partition("/")[0]].append(entry)
            continue
        of_type = entry.stream.partition("/")[0]
        if entry.type in (MADE, REVISED):
            decisions[of_type].append(entry)
        if entry.type != MADE:
            latest[of_type].append(entry)
    known = {name for name, kind in event_types().items() if kind.scored}
    for name in decisions.keys() & known:
        columns = features.setdefault(name, FeatureColumns(name))
        recent = [each for each in decisions[name] if from_iso(each.data["decided_at"]) >= oldest]
        for day, table in _by_day(decision_table(name, recent, columns)):
            part.add(f"decided/type={name}/day={day}", table)
    for name in labels.keys() & known:
        receipts = _receipts([entry.data["event"] for entry in labels[name]])
        for day, of_day in _by_known_day(labels[name]):
            part.add(f"labels/type={name}/day={day}", label_table(of_day, receipts))
    for name in latest.keys() & known:
        part.add(f"latest/type={name}", latest_table(latest[name]))
    part.last = entries[-1] if entries else part.last


def _by_day(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    days = [f"{moment:%Y-%m-%d}" for moment in table["received_at"].to_pylist()]
    for day in sorted(set(days)):
        yield day, table.filter(pa.array([each == day for each in days]))


def _by_known_day(entries: Sequence[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    by_day: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_day[f"{entry.recorded_at:%Y-%m-%d}"].append(entry)
    yield from sorted(by_day.items())


def _receipts(streams: Sequence[str]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_RECEIPTS, [sorted(set(streams))])
        return dict(cursor.fetchall())


def _commit(store: OfflineStore, manifest: Manifest, part: _Part) -> Manifest:
    numbers = count()
    layout = {name: dict(columns) for name, columns in manifest.layout.items()}
    written = []
    for partition, tables in part.tables.items():
        table = pa.concat_tables(tables, promote_options="default")
        written.append(store.write(table, f"{partition}/{manifest.number:08d}-{next(numbers)}.parquet"))
        name = "/".join(partition.split("/")[:2])
        layout.setdefault(name, {}).update({each.name: str(each.type) for each in table.schema})
    committed = Manifest(
        number=manifest.number,
        written_at=manifest.written_at,
        cursor=manifest.cursor,
        mark=_mark_of(part.last) if part.last else manifest.mark,
        layout=layout,
        files=(*manifest.files, *written),
    )
    store.commit(committed)
    return committed
