"""Imports: a table becomes entries of the log, chunk by committed chunk, with a note of how far it is."""

import gc
import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
from django.conf import settings
from django.db import connection, transaction

from scoring.catalog.rates import load_rates
from scoring.decisions import doorbell
from scoring.errors import ImportAlreadyRunning, StreamConflict
from scoring.ingest.binding import Binding, bind
from scoring.ingest.mapping import ColumnMapping
from scoring.ingest.readers import Chunk, Table, frame_table, open_table
from scoring.ingest.rejects import Reject, RejectFile
from scoring.ingest.rows import ParsedRow, RowParser
from scoring.ingest.settle import Settled, settle_rows, streams_of
from scoring.ingest.writing import write_history, write_live
from scoring.log.append import append
from scoring.log.entries import NewEntry, canonical_json
from scoring.log.read import read_stream, read_streams

HISTORY_CHUNK = 10_000  # rows a transaction
LIVE_CHUNK = 500  # a live event can only be decided once it is committed, so these are short
MOST_TRIES = 5

# Keeps the imports' advisory locks apart from everybody else's.
_LOCK_SPACE = 0x1A9E57

Clock = Callable[[], datetime]
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of every row so far: `read` = `accepted` + `duplicate` + `rejected`.

    `labels` counts the labels recorded; `unmapped` are the columns that nothing was read from; `rejects` is
    the file of the rejected rows, of whose bytes `rejects_bytes` belong to committed chunks. `finished`:
    all rows read.
    """

    name: str
    read: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    labels: int = 0
    unmapped: tuple[str, ...] = ()
    rejects: str = ""
    rejects_bytes: int = 0
    finished: bool = False


def ingest_file(
    path: Path,
    *,
    mapping: ColumnMapping,
    history: bool,
    clock: Clock,
    form: str | None = None,
    rejects: Path | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a CSV, JSON Lines or Parquet file, from where an earlier, interrupted import of it stopped.

    With `history`, events and labels wait for `scoring.decisions.history.sequence_history`; without, they
    are live: received now and decided as they come. `progress` is called with numbers of rows done. Raises
    InvalidMapping or UnreadableImport before the first row is taken, ImportAlreadyRunning when another
    process is at it.
    """
    table = open_table(path, form=form)
    return _ingest(table, mapping, history=history, clock=clock, rejects=rejects, progress=progress)


def ingest_frame(
    frame: pd.DataFrame,
    *,
    mapping: ColumnMapping,
    history: bool,
    now: datetime,
    name: str = "frame",
    rejects: Path | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """`ingest_file` for a DataFrame; its index is ignored.

    Columns named like the payload's fields (and `label`, `label_known_at`) map by themselves.
    """
    table = frame_table(frame, name=name)
    return _ingest(table, mapping, history=history, clock=lambda: now, rejects=rejects, progress=progress)


def import_stream(table: Table, mapping: ColumnMapping, *, history: bool) -> str:
    """The import's stream, named by content and mapping: the same again is the same import."""
    described = canonical_json({"content": table.digest, "mapping": mapping.describe(), "history": history})
    return f"import/{hashlib.sha256(described.encode()).hexdigest()[:32]}"


def _ingest(
    table: Table,
    mapping: ColumnMapping,
    *,
    history: bool,
    clock: Clock,
    rejects: Path | None,
    progress: Progress | None,
) -> ImportReport:
    binding = bind(mapping, table.columns)
    stream = import_stream(table, mapping, history=history)
    with _only_one(stream):
        report, version = _report_so_far(stream, table)
        if progress and report.read:
            progress(report.read)
        if report.finished:
            return report
        run = _Run(binding, mapping, stream, version, history=history, clock=clock)
        path = rejects or Path(report.rejects or _default_rejects(table, stream))
        kept = report.rejects_bytes if report.rejects == str(path) else 0
        report = replace(report, rejects=str(path), rejects_bytes=kept)
        with RejectFile(path, table.columns or ("raw",), keep=kept) as file:
            for chunk in table.chunks(report.read, HISTORY_CHUNK if history else LIVE_CHUNK):
                report = run.take(chunk, report, file)
                if progress:
                    progress(chunk.length)
        return run.finish(report)


class _Run:
    """One process at work on one import; `version` is that of the import's stream."""

    def __init__(
        self,
        binding: Binding,
        mapping: ColumnMapping,
        stream: str,
        version: int,
        *,
        history: bool,
        clock: Clock,
    ) -> None:
        self._binding = binding
        self._source = mapping.source
        self._label_source = binding.label.source if binding.label else ""
        self._stream, self._version = stream, version
        self._history, self._clock = history, clock
        now = clock()
        rates = load_rates(base=binding.event_type.base_currency, now=now)
        self._parser = RowParser(binding, now=now, rates=rates, timezone=mapping.timezone)

    def take(self, chunk: Chunk, report: ImportReport, file: RejectFile) -> ImportReport:
        """Commit one chunk with the note of it; the report after it."""
        with _collector_paused():
            done = self._commit(chunk, report, file)
        self._version += 1
        if not self._history:
            # The bell rung inside the transaction may have been answered before its entries were there.
            doorbell.ring_lanes({self._binding.event_type.lane})
        return done

    def _commit(self, chunk: Chunk, report: ImportReport, file: RejectFile) -> ImportReport:
        rows, reasons = self._parser.parse(chunk)
        tries = MOST_TRIES
        while True:
            tries -= 1
            try:
                with transaction.atomic():
                    settled = self._write(rows)
                    done = _report_after(report, chunk, settled, reasons, used=self._binding.used)
                    file.cut(report.rejects_bytes)
                    size = file.write(_rejects(chunk, {**reasons, **settled.refused}))
                    done = replace(done, rejects_bytes=size)
                    self._note(done)
                return done
            except StreamConflict as conflict:
                # Somebody else wrote to a stream between the look and the append: look again.
                if not tries or conflict.stream == self._stream:
                    raise

    def finish(self, report: ImportReport) -> ImportReport:
        """Note that all rows were read."""
        done = replace(report, finished=True, rejects=report.rejects if report.rejected else "")
        self._note(done)
        return done

    def _write(self, rows: list[ParsedRow]) -> Settled:
        settled = settle_rows(
            rows,
            source=self._source,
            label_source=self._label_source,
            history=self._history,
            stored=read_streams(streams_of(rows, source=self._source)),
        )
        now = self._clock()
        if self._history:
            write_history(settled, lane=self._binding.event_type.lane, now=now)
        else:
            write_live(settled, rows, source=self._source, label_source=self._label_source, now=now)
        return settled

    def _note(self, report: ImportReport) -> None:
        entry = NewEntry(
            stream=self._stream,
            expected_version=self._version,
            type="import.progressed",
            data={**asdict(report), "type": self._binding.event_type.name, "source": self._source},
        )
        append([entry], now=self._clock())


def _report_so_far(stream: str, table: Table) -> tuple[ImportReport, int]:
    entries = read_stream(stream)
    if not entries:
        return ImportReport(table.name), 0
    noted = {key: value for key, value in entries[-1].data.items() if key not in ("type", "source")}
    return ImportReport(**{**noted, "unmapped": tuple(noted["unmapped"])}), len(entries)


def _report_after(
    report: ImportReport, chunk: Chunk, settled: Settled, reasons: Mapping[int, str], *, used: frozenset[str]
) -> ImportReport:
    unmapped = [name for name in chunk.columns if name not in used]
    return replace(
        report,
        read=report.read + chunk.length,
        accepted=report.accepted + len(settled.events),
        duplicate=report.duplicate + settled.duplicate,
        rejected=report.rejected + len(reasons) + len(settled.refused),
        labels=report.labels + len(settled.labels),
        unmapped=tuple(dict.fromkeys([*report.unmapped, *unmapped])),
    )


def _rejects(chunk: Chunk, reasons: Mapping[int, str]) -> list[Reject]:
    return [Reject(chunk.first_row + i, reasons[i], _cells(chunk, i)) for i in sorted(reasons)]


def _cells(chunk: Chunk, index: int) -> list[Any]:
    """The cells of a row as they came: of JSON Lines the one object."""
    if index in chunk.raw:
        return list(chunk.raw[index])
    row = {name: column[index] for name, column in chunk.columns.items()}
    if chunk.tabular:
        return list(row.values())
    return [orjson.dumps({name: value for name, value in row.items() if value is not None}).decode()]


def _default_rejects(table: Table, stream: str) -> Path:
    return (
        Path(settings.VAR_DIR)
        / "rejects"
        / f"{Path(table.name).stem}-{stream.removeprefix('import/')[:12]}.csv"
    )


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A chunk is a million small objects, none in a cycle: looking for cycles among them costs a third."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def lock_of(stream: str) -> tuple[int, int]:
    """The advisory lock that the process at an import holds."""
    return _LOCK_SPACE, zlib.crc32(stream.encode()) - 2**31


@contextmanager
def _only_one(stream: str) -> Iterator[None]:
    """Two processes at one import would write each other's file of rejects."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", lock_of(stream))
        if not cursor.fetchone()[0]:
            raise ImportAlreadyRunning(stream)
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", lock_of(stream))
