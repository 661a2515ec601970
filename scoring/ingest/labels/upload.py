"""A file of labels into the log: good lines recorded, bad ones given back with what is wrong with them."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from scoring.errors import ScoringError
from scoring.ingest.labels.columns import LabelColumns
from scoring.ingest.labels.lines import (
    REJECT_COLUMNS,
    BadLine,
    Defaults,
    Line,
    SilentLine,
    read_lines,
)
from scoring.ingest.labels.table import LabelTable
from scoring.ingest.values.formulas import guard_cell
from scoring.intake.errors import InvalidRequest, LabelNotFound, RequestProblem
from scoring.intake.labels import record_labels
from scoring.log.errors import StreamConflict
from scoring.log.read import read_streams

LINES_A_TRANSACTION = 1_000


@dataclass(frozen=True, slots=True)
class LabelUpload:
    """What became of the lines of a file; `held` are recorded too, and wait for their event to arrive.

    `silent` ones say nothing of their event; `unused` are the columns that nothing was read from.
    """

    header: tuple[str, ...]
    recorded: int
    held: int
    unchanged: int
    rejected: tuple[BadLine, ...]
    silent: int = 0
    unused: tuple[str, ...] = ()


def upload_labels(
    table: LabelTable,
    *,
    columns: LabelColumns,
    source: str,
    defaults: Defaults,
    actor: str,
    now: datetime,
    history: bool = False,
) -> LabelUpload:
    """Record the labels of a file about events of the sender `source`; see `read_lines`.

    Each LINES_A_TRANSACTION lines are committed together. To upload a file again is harmless: what was said
    before is unchanged. With `history` a label holds from the time its line says. Raises UnreadableImport,
    and has recorded nothing then.
    """
    lines = read_lines(table, columns=columns, defaults=defaults, now=now)
    rejected = [line for line in lines if isinstance(line, BadLine)]
    counts: Counter[str] = Counter()
    good = [line for line in lines if isinstance(line, Line)]
    for start in range(0, len(good), LINES_A_TRANSACTION):
        part = good[start : start + LINES_A_TRANSACTION]
        taken, refused = _record(part, source=source, actor=actor, now=now, history=history)
        counts.update(taken)
        rejected += refused
    return LabelUpload(
        table.header,
        counts["recorded"],
        counts["held"],
        counts["unchanged"],
        tuple(sorted(rejected, key=lambda line: line.number)),
        sum(isinstance(line, SilentLine) for line in lines),
        tuple(name for name in columns.unused(table.header) if name not in REJECT_COLUMNS),
    )


def count_known(ids: Iterable[str], *, source: str, event_type: str) -> int:
    """How many of the ids are those of events that have arrived."""
    return len(read_streams([f"{event_type}/{source}/{each}" for each in ids], version=1))


def rejects_as_csv(upload: LabelUpload) -> str:
    """The rejected lines under their own columns, with line and reason: corrected, they can be uploaded.

    Cells are guarded, because a file that others made is opened in a spreadsheet here.
    """
    columns = [place for place, name in enumerate(upload.header) if name not in REJECT_COLUMNS]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*REJECT_COLUMNS, *(guard_cell(upload.header[place]) for place in columns)])
    for line in upload.rejected:
        cells = [line.cells[place] if place < len(line.cells) else "" for place in columns]
        writer.writerow([line.number, line.reason, *map(guard_cell, cells)])
    return text.getvalue()


def _record(
    lines: Sequence[Line], *, source: str, actor: str, now: datetime, history: bool
) -> tuple[Counter[str], list[BadLine]]:
    statements = [line.statement for line in lines]
    try:
        receipts = record_labels(statements, source=source, now=now, actor=actor, history=history)
    except StreamConflict:
        busy = RequestProblem("the line", "met others that spoke of the same events", "upload it again")
        return Counter(), [BadLine(line.number, line.cells, (busy,)) for line in lines]
    refused = [
        BadLine(line.number, line.cells, _problems_of(receipt.refused))
        for line, receipt in zip(lines, receipts, strict=True)
        if receipt.refused
    ]
    return Counter(receipt.status for receipt in receipts if not receipt.refused), refused


def _problems_of(refusal: ScoringError) -> tuple[RequestProblem, ...]:
    if isinstance(refusal, InvalidRequest):
        return refusal.problems
    if isinstance(refusal, LabelNotFound):
        return (RequestProblem("label", f"takes back what was not said: {refusal}"),)
    return (RequestProblem("label", str(refusal)),)
