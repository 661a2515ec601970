"""Imports: a table becomes entries of the log, chunk by committed chunk, with a note of how far it is."""

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
from scoring.ingest.readers.opening import open_table
from scoring.ingest.readers.parquet_reader import frame_table
from scoring.ingest.readers.tables import Chunk, Table
from scoring.ingest.rejects import Reject, RejectFile
from scoring.ingest.report import ImportReport, Taken
from scoring.ingest.rows.chunks import Taker, taker_of
from scoring.log.append import append
from scoring.log.entries import NewEntry, canonical_json
from scoring.log.read import read_stream
from scoring.log.retry import append_retrying
from scoring.signals import lane_notifications
from scoring.sql.advisory_locks import LockSpace, session_lock

HISTORY_CHUNK = 10_000  # rows a transaction
LIVE_CHUNK = 500  # a live event can only be decided once it is committed, so these are short

Clock = Callable[[], datetime]
Progress = Callable[[int], None]


def ingest_file(
    path: Path,
    *,
    mapping: ColumnMapping,
    history: bool,
    clock: Clock,
    labels_only: bool = False,
    rejects: Path | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a CSV, JSON or Parquet file, from where an earlier, interrupted import of it stopped.

    With `history`, events and labels wait for `scoring.states.history.sequence_history`; without, they
    are live: received now and decided as they come. With `labels_only`, rows say something of events that
    other files or the API bring. `progress` is called with numbers of rows done. Raises InvalidMapping or
    UnreadableImport before the first row is taken, ImportAlreadyRunning when another process is at it.
    """
    table = open_table(path, mapping.reading)
    return ingest_table(
        table,
        mapping,
        history=history,
        labels_only=labels_only,
        clock=clock,
        rejects=rejects,
        progress=progress,
    )


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
    """`ingest_file` for a DataFrame; its index is ignored.

    Columns named like the payload's fields (and `label`, `label_known_at`) map by themselves.
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


def import_stream(table: Table, mapping: ColumnMapping, *, history: bool, labels_only: bool = False) -> str:
    """The import's stream, named by content and mapping: the same again is the same import."""
    described = {"content": table.digest, "mapping": mapping.describe(), "history": history}
    if labels_only:
        described["labels_only"] = True
    return f"import/{hashlib.sha256(canonical_json(described).encode()).hexdigest()[:32]}"


def ingest_table(
    table: Table,
    mapping: ColumnMapping,
    *,
    history: bool,
    clock: Clock,
    labels_only: bool = False,
    rejects: Path | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """`ingest_file` for a table that is open."""
    binding = bind(mapping, table.columns, labels_only=labels_only)
    stream = import_stream(table, mapping, history=history, labels_only=labels_only)
    with _only_one(stream):
        report, version = _report_so_far(stream, table)
        if progress and report.read:
            progress(report.read)
        if report.finished:
            return report
        taker = taker_of(binding, mapping, history=history, labels_only=labels_only, now=clock())
        run = _Run(binding, taker, stream, version, source=mapping.source, history=history, clock=clock)
        path = rejects or Path(report.rejects or _default_rejects(table, stream))
        kept = report.rejects_bytes if report.rejects == str(path) else 0
        report = replace(report, rejects=str(path), rejects_bytes=kept)
        header = ("raw",) if table.columns is None else _columns_of(table.columns, binding.wanted, table.form)
        with RejectFile(path, header, keep=kept) as file:
            size = HISTORY_CHUNK if history else LIVE_CHUNK
            for chunk in _telling_how_far(table, table.chunks(report.passed, size, binding.wanted)):
                report = run.take(chunk, report, file)
                if progress:
                    progress(chunk.length)
        return run.finish(report)


def _columns_of(columns: tuple[str, ...], wanted: frozenset[str] | None, form: str) -> tuple[str, ...]:
    """The columns that chunks have: of a typed format those that are wanted."""
    is_text = form == "csv" or wanted is None
    return columns if is_text else tuple(name for name in columns if name in (wanted or ()))


def _telling_how_far(table: Table, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The chunks; what ends them early says after how many rows."""
    last = 0
    try:
        for chunk in chunks:
            yield chunk
            last = chunk.first_row + chunk.length - 1
    except UnreadableImport as error:
        if not last:
            raise
        raise UnreadableImport(
            table.name, f"{error.problem}, after row {last:,}; the rows before were taken"
        ) from error


class _Run:
    """One process at work on one import; `version` is that of the import's stream."""

    def __init__(
        self,
        binding: Binding,
        taker: Taker,
        stream: str,
        version: int,
        *,
        source: str,
        history: bool,
        clock: Clock,
    ) -> None:
        self._binding, self._taker, self._source = binding, taker, source
        self._stream, self._version = stream, version
        self._history, self._clock = history, clock

    def take(self, chunk: Chunk, report: ImportReport, file: RejectFile) -> ImportReport:
        """Commit one chunk with the note of it; the report after it."""
        reset_queries()  # with ASSAY_DEBUG they would be kept, megabytes each
        with _collector_paused():
            done = self._commit(chunk, report, file)
        self._version += 1
        if not self._history:
            # The bell rung inside the transaction may have been answered before its entries were there.
            lane_notifications.notify_lanes({self._binding.event_type.lane})
        return done

    def _commit(self, chunk: Chunk, report: ImportReport, file: RejectFile) -> ImportReport:
        parsed = self._taker.parse(chunk)

        def commit() -> ImportReport:
            taken = self._taker.write(parsed, now=self._clock())
            done = report.after(chunk, taken, used=self._binding.used)
            file.cut(report.rejects_bytes)
            done = replace(done, rejects_bytes=file.write(_rejects(chunk, taken)))
            self._note(done)
            return done

        # A conflict on the import's own stream is another process with the same import.
        return append_retrying(commit, final=self._stream)

    def finish(self, report: ImportReport) -> ImportReport:
        """Note that all rows were read."""
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


def _report_so_far(stream: str, table: Table) -> tuple[ImportReport, int]:
    entries = read_stream(stream)
    report = ImportReport.from_note(entries[-1].data) if entries else ImportReport(table.name)
    return report, len(entries)


def _rejects(chunk: Chunk, taken: Taken) -> list[Reject]:
    """The rows that were refused, and those that were taken without their label, in order."""
    without = {index: f"taken without its label: {text}" for index, text in taken.label_problems.items()}
    reasons: Mapping[int, str] = {**without, **taken.refused}
    return [Reject(chunk.first_row + i, reasons[i], _cells(chunk, i)) for i in sorted(reasons)]


def _cells(chunk: Chunk, index: int) -> list[Any]:
    """The cells of a row as they came: of JSON the one object."""
    if index in chunk.raw:
        return list(chunk.raw[index])
    if chunk.objects:
        return [orjson.dumps(chunk.objects[index]).decode()]
    return [column[index] for column in chunk.columns.values()]


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


@contextmanager
def _only_one(stream: str) -> Iterator[None]:
    """Two processes at one import would write each other's file of rejects."""
    with session_lock(LockSpace.IMPORT, stream) as held:
        if not held:
            raise ImportAlreadyRunning(stream)
        yield
