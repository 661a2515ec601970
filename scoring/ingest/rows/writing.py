"""Writes reconciled rows to the log in the caller's transaction, as history to sequence or as live events."""

from collections.abc import Sequence
from datetime import datetime

from scoring.ingest.rows.event_rows import ParsedRow
from scoring.ingest.rows.label_rows import LabelRow
from scoring.ingest.rows.reconcile import ReconciledLabels, ReconciledRows
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.receive import receive_events, vault_items
from scoring.lanes import queue as pending
from scoring.log import vault
from scoring.log.writing.bulk import append_bulk


def write_history(settled: ReconciledRows, *, lane: str, now: datetime) -> None:
    """Append events and labels in bulk and queue them for the sequencing of `lane`. Raises StreamConflict."""
    vault.store(vault_items(list(settled.events.values())))
    written = append_bulk(settled.entries, now=now)
    pending.enqueue_history(written, lane=lane, now=now)


def write_live(
    settled: ReconciledRows, rows: Sequence[ParsedRow], *, source: str, label_source: str, now: datetime
) -> None:
    """Receive events and labels as the API does, without waiting for decisions.

    An event whose id was received concurrently becomes refused or duplicate.
    """
    receipts = receive_events(list(settled.events.values()), source=source, now=now)
    for index, receipt in zip(list(settled.events), receipts, strict=True):
        if receipt.conflict is not None:
            settled.refused[index] = str(receipt.conflict)
        elif not receipt.created:
            settled.duplicate += 1
        if not receipt.created:
            del settled.events[index]
    by_index = {row.index: row for row in rows}
    settled.labels = {index: label for index, label in settled.labels.items() if index not in settled.refused}
    statements = [
        LabelStatement(
            event_type=by_index[index].parsed.event_type,
            event_id=by_index[index].parsed.external_id,
            value=label.value,
            label_source=label_source,
            known_at=label.known_at,
            policies=label.policies,
        )
        for index, label in settled.labels.items()
    ]
    if statements:
        record_labels(statements, source=source, now=now)


def write_history_labels(settled: ReconciledLabels, *, now: datetime) -> None:
    """Append historical labels and queue them: with their events, or at the time they became known.

    Raises StreamConflict.
    """
    written = append_bulk(settled.entries, now=now)
    streams = {entry.data["event"] for entry in written}
    pending.enqueue_labels(written, held=settled.held, with_history=streams - settled.held, now=now)


def record_live_labels(
    rows: Sequence[LabelRow], *, event_type: str, source: str, label_source: str, now: datetime
) -> ReconciledLabels:
    """Record labels as the API does: known from now on, and held if the event has not arrived."""
    statements = [
        LabelStatement(event_type, row.event_id, row.value, label_source, row.known_at, row.policies)
        for row in rows
    ]
    receipts = record_labels(statements, source=source, now=now) if statements else []
    refused = {
        row.index: str(receipt.refused)
        for row, receipt in zip(rows, receipts, strict=True)
        if receipt.refused is not None
    }
    unchanged = sum(receipt.status == "unchanged" for receipt in receipts) - len(refused)
    held = {receipt.event_stream for receipt in receipts if receipt.status == "held"}
    recorded = len(receipts) - unchanged - len(refused)
    return ReconciledLabels(recorded=recorded, unchanged=unchanged, held=held, refused=refused)
