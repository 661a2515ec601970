"""The steps of an import: check every line and count what it would do; then add the values in batches."""

import csv
import logging
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

import numpy as np
from django.utils import timezone

from scoring.errors import ScoringError
from scoring.formulas import guard_cell
from scoring.rules.lists.importing.files import FILE, REJECTS, TextPieces, delete_files, open_file
from scoring.rules.lists.importing.lines import GoodLine, LineDefaults, RejectedLine
from scoring.rules.lists.importing.target import ImportTarget
from scoring.rules.lists.models import ListImport
from scoring.sql.advisory_locks import LockSpace, session_lock

logger = logging.getLogger(__name__)

State = ListImport.State

BATCH = 10_000  # lines that are added in one transaction
REJECT_COLUMNS = ("reject_line", "reject_reason")


@dataclass(slots=True)
class _Tally:
    """What a step has counted so far. `first_halves`: of the keys of new values, to see repeated ones."""

    lines: int = 0
    rejected: int = 0
    new: int = 0
    replaced: int = 0
    unchanged: int = 0
    repeated: int = 0
    first_halves: "array[int]" = field(default_factory=lambda: array("Q"))


class _Stopped(ScoringError):
    """The import was discarded meanwhile."""


def run_step(number: int, target: ImportTarget) -> str:
    """Run the step that an import is in, unless another process does; returns the state after it."""
    with session_lock(LockSpace.LIST_IMPORT, str(number)) as held:
        row = ListImport.objects.filter(number=number).first()
        if not held or row is None or not row.is_running:
            return row.state if row else ""
        try:
            _check(row, target) if row.state == State.CHECKING else _add(row, target)
        except _Stopped:
            logger.info("import %s was discarded", number)
        except ScoringError as error:
            _save(row, _Tally(), state=State.FAILED, error=f"{str(error)[0].upper()}{str(error)[1:]}.")
            delete_files([number], FILE)
    return ListImport.objects.values_list("state", flat=True).get(number=number)


def _check(row: ListImport, target: ImportTarget) -> None:
    definition = target.find_open(row.list_name)
    delete_files([row.number], REJECTS)
    rejects = RejectsFile(TextPieces(row.number, REJECTS), target.columns)
    tally = _Tally()
    for lines in _batches(row, definition, target):
        rejects.write(line for line in lines if isinstance(line, RejectedLine))
        values = _tally_lines(tally, lines, target)
        counted = target.count(definition, values, now=timezone.now(), replace=row.replace)
        for value in counted.new:
            tally.first_halves.append(int.from_bytes(target.key_of(value)[:8]))
        tally.replaced += counted.replaced
        tally.unchanged += counted.unchanged
        _progress(row, tally)
    rejects.close()
    distinct = len(np.unique(np.array(tally.first_halves, dtype=np.uint64)))
    tally.repeated += len(tally.first_halves) - distinct
    tally.new = max(0, distinct - tally.replaced)
    _save(row, tally, state=State.CHECKED)


def _add(row: ListImport, target: ImportTarget) -> None:
    definition = target.find_open(row.list_name)
    tally = _Tally()
    for lines in _batches(row, definition, target):
        values = _tally_lines(tally, lines, target)
        added = target.add(
            definition, values, actor=row.requested_by, now=timezone.now(), replace=row.replace
        )
        tally.new += added.added - added.replaced
        tally.replaced += added.replaced
        tally.unchanged += added.unchanged
        _progress(row, tally)
    _save(row, tally, state=State.FINISHED)
    delete_files([row.number], FILE)


def _batches(
    row: ListImport, definition: Any, target: ImportTarget
) -> Iterator[list[GoodLine | RejectedLine]]:
    defaults = LineDefaults(row.reason, row.expires_at, row.file_name)
    lines = target.read(open_file(row.number), definition, defaults=defaults, now=timezone.now())
    while batch := list(islice(lines, BATCH)):
        yield batch


def _tally_lines(tally: _Tally, lines: Sequence[GoodLine | RejectedLine], target: ImportTarget) -> list[Any]:
    """Count lines, and return the values of the good ones, each once."""
    good = [line for line in lines if isinstance(line, GoodLine)]
    values = {target.key_of(line.value): line.value for line in reversed(good)}
    tally.lines += len(lines)
    tally.rejected += len(lines) - len(good)
    tally.repeated += len(good) - len(values)
    return list(reversed(values.values()))


def _progress(row: ListImport, tally: _Tally) -> None:
    """Note how far the step is. Raises _Stopped if the import was discarded."""
    running = ListImport.objects.filter(number=row.number, state=row.state)
    if not running.update(done=tally.lines, updated_at=timezone.now()):
        raise _Stopped(f"import {row.number} was discarded")


def _save(row: ListImport, tally: _Tally, *, state: str, error: str = "") -> None:
    ListImport.objects.filter(number=row.number, state=row.state).update(
        state=state,
        error=error,
        lines=tally.lines,
        done=tally.lines,
        new=tally.new,
        replaced=tally.replaced,
        unchanged=tally.unchanged,
        repeated=tally.repeated,
        rejected=tally.rejected,
        updated_at=timezone.now(),
    )


class TextFile(Protocol):
    """Where lines of text go."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...


class RejectsFile:
    """The file of rejected lines: number, reason and cells, to be corrected and imported again."""

    def __init__(self, file: TextFile, columns: Sequence[str]) -> None:
        self._file, self._columns = file, columns
        self._writer = csv.writer(file, lineterminator="\n")
        self._has_header = False

    def write(self, lines: Iterable[RejectedLine]) -> None:
        for line in lines:
            if not self._has_header:
                self._writer.writerow([*REJECT_COLUMNS, *self._columns])
                self._has_header = True
            self._writer.writerow([line.number, guard_cell(line.reason), *map(guard_cell, line.cells)])

    def close(self) -> None:
        """Store what was written."""
        self._file.flush()
