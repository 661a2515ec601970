"""Records the labels of an uploaded file and returns the rejected lines with reasons."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from scoring.admin_kit.row_rules.limits import UNLIMITED, Limits
from scoring.errors import ScoringError
from scoring.formulas import guard_cell
from scoring.ingest.labels.columns import LabelColumns
from scoring.ingest.labels.lines import (
    REJECT_COLUMNS,
    LabelDefaults,
    LabelLine,
    RejectedLine,
    SkippedLine,
    read_lines,
)
from scoring.ingest.labels.table import LabelTable
from scoring.intake.errors import InvalidRequest, LabelNotFound, RequestProblem
from scoring.intake.labels import record_labels
from scoring.log.errors import StreamConflict
from scoring.log.read import read_streams

LINES_PER_TRANSACTION = 1_000


@dataclass(frozen=True, slots=True)
class LabelUpload:
    """The result of an upload. `held` labels are recorded too, and wait for their event to arrive.

    `silent` counts lines without a label; `unused` are the unused columns.
    """

    header: tuple[str, ...]
    recorded: int
    held: int
    unchanged: int
    rejected: tuple[RejectedLine, ...]
    silent: int = 0
    unused: tuple[str, ...] = ()


def upload_labels(
    table: LabelTable,
    *,
    columns: LabelColumns,
    source: str,
    defaults: LabelDefaults,
    actor: str,
    now: datetime,
    history: bool = False,
    limits: Limits = UNLIMITED,
) -> LabelUpload:
    """Record the labels of a file for events of the sender `source`; see `read_lines`.

    LINES_PER_TRANSACTION lines are committed together. Uploading a file again is harmless: its labels are
    unchanged. With `history` a label is valid from the time in its line. Lines beyond the `limits` of the
    user are rejected. If it raises UnreadableImport, nothing was recorded.
    """
    lines = read_lines(table, columns=columns, defaults=defaults, now=now, limits=limits)
    rejected = [line for line in lines if isinstance(line, RejectedLine)]
    counts: Counter[str] = Counter()
    good = [line for line in lines if isinstance(line, LabelLine)]
    for start in range(0, len(good), LINES_PER_TRANSACTION):
        part = good[start : start + LINES_PER_TRANSACTION]
        taken, refused = _record(part, source=source, actor=actor, now=now, history=history)
        counts.update(taken)
        rejected += refused
    return LabelUpload(
        table.header,
        counts["recorded"],
        counts["held"],
        counts["unchanged"],
        tuple(sorted(rejected, key=lambda line: line.number)),
        sum(isinstance(line, SkippedLine) for line in lines),
        tuple(name for name in columns.unused(table.header) if name not in REJECT_COLUMNS),
    )


def count_known(ids: Iterable[str], *, source: str, event_type: str) -> int:
    """The number of the ids that belong to received events."""
    return len(read_streams([f"{event_type}/{source}/{each}" for each in ids], version=1))


def rejects_as_csv(upload: LabelUpload) -> str:
    """The rejected lines as CSV with line number and reason, to be corrected and uploaded again.

    Cells are escaped against formula injection, because users open the file in a spreadsheet.
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
    lines: Sequence[LabelLine], *, source: str, actor: str, now: datetime, history: bool
) -> tuple[Counter[str], list[RejectedLine]]:
    statements = [line.statement for line in lines]
    try:
        receipts = record_labels(statements, source=source, now=now, actor=actor, history=history)
    except StreamConflict:
        busy = RequestProblem(
            "the line", "conflicted with concurrent labels of the same events", "upload it again"
        )
        return Counter(), [RejectedLine(line.number, line.cells, (busy,)) for line in lines]
    refused = [
        RejectedLine(line.number, line.cells, _problems_of(receipt.refused))
        for line, receipt in zip(lines, receipts, strict=True)
        if receipt.refused
    ]
    return Counter(receipt.status for receipt in receipts if not receipt.refused), refused


def _problems_of(refusal: ScoringError) -> tuple[RequestProblem, ...]:
    if isinstance(refusal, InvalidRequest):
        return refusal.problems
    if isinstance(refusal, LabelNotFound):
        return (RequestProblem("label", f"retracts a label that does not exist: {refusal}"),)
    return (RequestProblem("label", str(refusal)),)
