"""Exports the log to the offline store in reading order, below the horizon, resuming after the last run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring.catalog.registry import event_types
from scoring.lanes.amendments import AMENDMENTS, RECEIVED, REPLACEMENTS
from scoring.lanes.entry_types import LABEL_TYPES
from scoring.log.entries import START
from scoring.log.read import count_after
from scoring.log.texts import Texts, read_text_page, read_texts
from scoring.offline.columns import (
    amendment_table,
    event_schema,
    event_table,
    integers,
    label_table,
    order_table,
    rows_by_type,
)
from scoring.offline.errors import ExportUnderWay, OfflineStoreOfAnotherLog
from scoring.offline.store import Manifest, OfflineStore, StoredFile
from scoring.sql.advisory_locks import LockSpace, session_lock
from scoring.timestamps import from_micros

ENTRIES_A_PAGE = 100_000
PACKED_A_READ = 1_000  # `lane.sequenced` entries, which hold up to 80 kilobytes each
ORDER_ROWS_A_FILE = 1_000_000
# A partition with this many files is merged into one, because small exports write files of a few rows.
MAX_FILES = 16
TYPES = (RECEIVED, *AMENDMENTS, *LABEL_TYPES, "lane.sequenced")

_DAY_US = timedelta(days=1) // timedelta(microseconds=1)

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ExportReport:
    """The result of a run; `began_anew`: the store was rebuilt because the catalog's fields have changed."""

    entries: int
    files: int
    removed: int
    began_anew: bool
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class ExportStatus:
    """The store's progress through the log; `behind` counts the entries still to export."""

    url: str
    manifest: Manifest
    behind: int


def export_log(
    store: OfflineStore, *, now: datetime, anew: bool = False, progress: Progress | None = None
) -> ExportReport:
    """Export new log entries to the store; `progress` is called with numbers of exported entries.

    Each page of entries is committed with its position. `anew` first empties the store, even one of another
    log. The store is also rebuilt from the log's beginning if the catalog's fields have changed. Raises
    OfflineStoreOfAnotherLog, OfflineFormatUnknown, ExportUnderWay.
    """
    with _sole_exporter(store):
        if anew:
            store.clear()
        found = store.manifest()
        check_same_log(store, found)
        fits = found.layout == present_layout() or found.cursor == START
        manifest = found if fits else Manifest(number=found.number)
        removed = store.remove_leftovers(now=now)
        exported = files = 0
        while texts := read_text_page(manifest.cursor, types=TYPES, limit=ENTRIES_A_PAGE):
            manifest, written = _export_page(store, manifest, texts, now=now)
            exported, files = exported + len(texts), files + written
            if progress:
                progress(len(texts))
        manifest = _merge_small_files(store, manifest, now=now)
        return ExportReport(exported, files, removed, not fits, manifest)


def export_status(store: OfflineStore) -> ExportStatus:
    """The progress of the store. Raises OfflineStoreOfAnotherLog."""
    manifest = store.manifest()
    check_same_log(store, manifest)
    return ExportStatus(store.url, manifest, count_after(manifest.cursor, types=TYPES))


def check_same_log(store: OfflineStore, manifest: Manifest) -> None:
    """Raises OfflineStoreOfAnotherLog if this log lacks the entry up to which the store was exported."""
    if manifest.cursor == START:
        return
    texts = read_texts(np.array([manifest.cursor.position]))
    if not len(texts) or _mark_of(texts) != manifest.mark:
        raise OfflineStoreOfAnotherLog(url=store.url, position=manifest.cursor.position)


def present_layout() -> dict[str, dict[str, str]]:
    """The columns of the events of each type as the catalog has them now."""
    return {
        f"events/type={name}": {column.name: str(column.type) for column in event_schema(kind)}
        for name, kind in event_types().items()
    }


def _export_page(
    store: OfflineStore, manifest: Manifest, texts: Texts, *, now: datetime
) -> tuple[Manifest, int]:
    numbers = count()
    written = [
        store.write(table, f"{partition}/{manifest.number + 1:08d}-{next(numbers)}.parquet")
        for partition, table in _partitions(texts)
    ]
    manifest = manifest.followed_by(
        now=now,
        cursor=texts.cursor,
        mark=_mark_of(texts),
        layout=present_layout(),
        files=(*manifest.files, *written),
    )
    store.commit(manifest)
    return manifest, len(written)


def _partitions(texts: Texts) -> Iterator[tuple[str, pa.Table]]:
    """The page's rows by the directory they belong in."""
    for directory, types in (("events", (RECEIVED,)), ("corrections", REPLACEMENTS)):
        of_types = rows_by_type(texts, types)
        for name in sorted(of_types.keys() & event_types().keys()):
            table = event_table(event_types()[name], texts.take(of_types[name]))
            yield from _by_day(table, "_occurred_at", f"{directory}/type={name}")
    amended = np.flatnonzero(np.isin(texts.types, list(AMENDMENTS)))
    if len(amended):
        yield from _by_day(amendment_table(texts.take(amended)), "recorded_at", "amendments")
    said = np.flatnonzero(np.isin(texts.types, LABEL_TYPES))
    if len(said):
        yield from _by_day(label_table(texts.take(said)), "recorded_at", "labels")
    for table in _order_tables(texts.positions[texts.types == "lane.sequenced"]):
        yield from _by_lane(table)


def _order_tables(positions: NDArray[np.int64]) -> Iterator[pa.Table]:
    """The items of these `lane.sequenced` entries, about ORDER_ROWS_A_FILE rows a table."""
    tables: list[pa.Table] = []
    for start in range(0, len(positions), PACKED_A_READ):
        tables.append(order_table(read_texts(positions[start : start + PACKED_A_READ])))
        if sum(table.num_rows for table in tables) >= ORDER_ROWS_A_FILE:
            yield pa.concat_tables(tables)
            tables = []
    if tables:
        yield pa.concat_tables(tables)


def _by_day(table: pa.Table, column: str, directory: str) -> Iterator[tuple[str, pa.Table]]:
    days = integers(table[column]) // _DAY_US
    order = np.argsort(days, kind="stable")
    table, days = table.take(order), days[order]
    bounds = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), len(days)]
    for start, end in pairwise(bounds):
        day = from_micros(int(days[start]) * _DAY_US).date().isoformat()
        yield f"{directory}/day={day}", table.slice(start, end - start)


def _by_lane(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    lanes = table["lane"].cast(pa.string()).to_numpy()
    for lane in sorted(set(lanes)):
        yield f"order/lane={lane}", table.filter(pa.array(lanes == lane))


def _merge_small_files(store: OfflineStore, manifest: Manifest, *, now: datetime) -> Manifest:
    by_partition: dict[str, list[StoredFile]] = {}
    for file in manifest.files:
        by_partition.setdefault(file.partition, []).append(file)
    full = {partition: files for partition, files in by_partition.items() if len(files) >= MAX_FILES}
    if not full:
        return manifest
    merged = [
        store.write(store.read_files(files), f"{partition}/{manifest.number + 1:08d}-{number}.parquet")
        for number, (partition, files) in enumerate(full.items())
    ]
    rest = [file for file in manifest.files if file.partition not in full]
    manifest = manifest.followed_by(now=now, files=(*rest, *merged))
    store.commit(manifest)
    return manifest


def _mark_of(texts: Texts) -> str:
    """A fingerprint of the last entry, which another log would not have at its position."""
    return f"{texts.streams[-1]} at {texts.recorded_at_us[-1]} by {texts.txids[-1]}"


@contextmanager
def _sole_exporter(store: OfflineStore) -> Iterator[None]:
    """Concurrent runs would overwrite each other's manifest. Raises ExportUnderWay."""
    with session_lock(LockSpace.OFFLINE_EXPORT) as held:
        if not held:
            raise ExportUnderWay(store.url)
        yield
