"""Imports: a table becomes log entries, one transaction for each chunk, with its progress in the log."""

import gc
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
from django.conf import settings
from django.db import reset_queries

from scoring.ingest.errors import ImportAlreadyRunning, UnreadableImport
from scoring.ingest.mapping.binding import Binding, bind
from scoring.ingest.mapping.mapping import ColumnMapping
from scoring.ingest.readers.parquet_reader import frame_table
from scoring.ingest.readers.tables import Chunk, SourceTable
from scoring.ingest.rejects import Reject, RejectFile
from scoring.ingest.report import ChunkResult, ImportReport
from scoring.ingest.rows.chunks import ChunkImporter, importer_for
from scoring.log.append import append
from scoring.log.entries import NewEntry, canonical_json
from scoring.log.read import read_stream
from scoring.log.retry import append_retrying
from scoring.signals import lane_notifications
from scoring.sql.advisory_locks import LockSpace, session_lock

HISTORY_CHUNK = 10_000  # rows per transaction
LIVE_CHUNK = 500  # short transactions, because live events are decided only once they are committed

Clock = Callable[[], datetime]
Progress = Callable[[int], None]


def ingest_frame(
    frame: pd.DataFrame,
    *,
    mapping: ColumnMapping,
    history: bool,
    now: datetime,
    labels_only: bool = False,
    name: str = "frame",
    rejects: Path | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """`ingest_table` for a DataFrame; its index is ignored.

    Columns named like the payload's fields (and `label`, `label_known_at`) are mapped automatically.
    """
    return ingest_table(
        frame_table(frame, name=name),
        mapping,
        history=history,
        labels_only=labels_only,
        clock=lambda: now,
        rejects=rejects,
        progress=progress,
    )


def import_stream(
    table: SourceTable, mapping: ColumnMapping, *, history: bool, labels_only: bool = False
) -> str:
    """The import's stream, named by a hash of content and mapping, so that a repeated import resumes it."""
    described = {"content": table.digest, "mapping": mapping.describe(), "history": history}
    if labels_only:
        described["labels_only"] = True
    return f"import/{hashlib.sha256(canonical_json(described).encode()).hexdigest()[:32]}"


def ingest_table(
    table: SourceTable,
    mapping: ColumnMapping,
    *,
    history: bool,
    clock: Clock,
    labels_only: bool = False,
    rejects: Path | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import an open file or frame, resuming an interrupted import of the same table.

    With `history`, events and labels wait for `scoring.states.history.sequence_history`; without, they are
    live: received now and decided as they arrive. With `labels_only`, rows are labels of events from other
    files or the API. `progress` is called with numbers of imported rows. Raises InvalidMapping before the
    first row is imported, and ImportAlreadyRunning if another process runs the same import.
    """
    binding = bind(mapping, table.columns, labels_only=labels_only)
    stream = import_stream(table, mapping, history=history, labels_only=labels_only)
    with _only_one(stream):
        report, version = _report_so_far(stream, table)
        if progress and report.read:
            progress(report.read)
        if report.finished:
            return report
        importer = importer_for(binding, mapping, history=history, labels_only=labels_only, now=clock())
        run = _Run(binding, importer, stream, version, source=mapping.source, history=history, clock=clock)
        path = rejects or Path(report.rejects or _default_rejects(table, stream))
        kept = report.rejects_bytes if report.rejects == str(path) else 0
        report = replace(report, rejects=str(path), rejects_bytes=kept)
        header = ("raw",) if table.columns is None else _columns_of(table.columns, binding.wanted, table.form)
        with RejectFile(path, header, keep=kept) as file:
            size = HISTORY_CHUNK if history else LIVE_CHUNK
            for chunk in _with_row_in_errors(table, table.chunks(report.passed, size, binding.wanted)):
                report = run.take(chunk, report, file)
                if progress:
                    progress(chunk.length)
        return run.finish(report)


def _columns_of(columns: tuple[str, ...], wanted: frozenset[str] | None, form: str) -> tuple[str, ...]:
    """The columns of the chunks: for a typed format only the wanted ones."""
    is_text = form == "csv" or wanted is None
    return columns if is_text else tuple(name for name in columns if name in (wanted or ()))


def _with_row_in_errors(table: SourceTable, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The chunks; an UnreadableImport after the first chunk also gives the last imported row."""
    last = 0
    try:
        for chunk in chunks:
            yield chunk
            last = chunk.first_row + chunk.length - 1
    except UnreadableImport as error:
        if not last:
            raise
        raise UnreadableImport(
            table.name, f"{error.problem}, after row {last:,}; the rows before were imported"
        ) from error


class _Run:
    """One run of an import; `version` is that of the import's stream."""

    def __init__(
        self,
        binding: Binding,
        importer: ChunkImporter,
        stream: str,
        version: int,
        *,
        source: str,
        history: bool,
        clock: Clock,
    ) -> None:
        self._binding, self._importer, self._source = binding, importer, source
        self._stream, self._version = stream, version
        self._history, self._clock = history, clock

    def take(self, chunk: Chunk, report: ImportReport, file: RejectFile) -> ImportReport:
        """Commit one chunk and the import's progress; returns the new report."""
        reset_queries()  # ASSAY_DEBUG would keep them, megabytes each
        with _collector_paused():
            done = self._commit(chunk, report, file)
        self._version += 1
        if not self._history:
            # A worker may have handled the notification sent inside the transaction before the commit.
            lane_notifications.notify_lanes({self._binding.event_type.lane})
        return done

    def _commit(self, chunk: Chunk, report: ImportReport, file: RejectFile) -> ImportReport:
        parsed = self._importer.parse(chunk)

        def commit() -> ImportReport:
            taken = self._importer.write(parsed, now=self._clock())
            done = report.after(chunk, taken, used=self._binding.used)
            file.cut(report.rejects_bytes)
            done = replace(done, rejects_bytes=file.write(_rejects(chunk, taken)))
            self._note(done)
            return done

        # A conflict on the import's own stream means that another process runs the same import.
        return append_retrying(commit, final=self._stream)

    def finish(self, report: ImportReport) -> ImportReport:
        """Record that all rows were read."""
        done = replace(report, finished=True, rejects=report.rejects if report.problems else "")
        self._note(done)
        return done

    def _note(self, report: ImportReport) -> None:
        entry = NewEntry(
            stream=self._stream,
            expected_version=self._version,
            type="import.progressed",
            data={**asdict(report), "type": self._binding.event_type.name, "source": self._source},
        )
        append([entry], now=self._clock())


def _report_so_far(stream: str, table: SourceTable) -> tuple[ImportReport, int]:
    entries = read_stream(stream)
    report = ImportReport.from_note(entries[-1].data) if entries else ImportReport(table.name)
    return report, len(entries)


def _rejects(chunk: Chunk, taken: ChunkResult) -> list[Reject]:
    """The rejected rows and the rows imported without their label, in order."""
    without = {index: f"imported without its label: {text}" for index, text in taken.label_problems.items()}
    reasons: Mapping[int, str] = {**without, **taken.refused}
    return [Reject(chunk.first_row + i, reasons[i], _cells(chunk, i)) for i in sorted(reasons)]


def _cells(chunk: Chunk, index: int) -> list[Any]:
    """The raw cells of a row; for JSON, the one object."""
    if index in chunk.raw:
        return list(chunk.raw[index])
    if chunk.objects:
        return [orjson.dumps(chunk.objects[index]).decode()]
    return [_cell(chunk, name, index) for name in chunk.columns]


def _cell(chunk: Chunk, name: str, index: int) -> Any:
    """A raw cell; a list as a file with text would have it, its items with blanks between them."""
    items = chunk.lists.get(name, {}).get(index)
    return chunk.columns[name][index] if items is None else " ".join(map(str, items))


def _default_rejects(table: SourceTable, stream: str) -> Path:
    return (
        Path(settings.VAR_DIR)
        / "rejects"
        / f"{Path(table.name).stem}-{stream.removeprefix('import/')[:12]}.csv"
    )


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause garbage collection: it would take a third of the time, and chunks have no cycles."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def _only_one(stream: str) -> Iterator[None]:
    """Two runs of the same import would overwrite each other's file of rejected rows."""
    with session_lock(LockSpace.IMPORT, stream) as held:
        if not held:
            raise ImportAlreadyRunning(stream)
        yield
