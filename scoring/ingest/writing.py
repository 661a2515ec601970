"""Settled rows into the log, in the caller's transaction: as history that waits, or as live events."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from scoring.decisions.intake import receive_events, vault_items
from scoring.decisions.labels import LabelStatement, record_labels
from scoring.ingest.rows import ParsedRow
from scoring.ingest.settle import Settled
from scoring.log import vault
from scoring.log.append import append_bulk
from scoring.log.entries import Entry
from scoring.log.tables import copy_values
from scoring.timestamps import to_iso

_PENDING_COLUMNS = [
    "position",
    "lane",
    "kind",
    "state",
    "priority",
    "event_stream",
    "due_at",
    "error",
    "enqueued_at",
]
_NORMAL = 1

# A label that came before its event takes its place in the history at the time it became known.
_RELEASE_HELD = """
UPDATE scoring_pending p SET state = 'history', due_at = l.known_at
  FROM scoring_label l
 WHERE l.position = p.position AND p.state = 'held' AND p.event_stream = ANY(%s)
"""


def write_history(settled: Settled, *, lane: str, now: datetime) -> None:
    """Append events and labels in bulk and queue them for the sequencing of `lane`. Raises StreamConflict."""
    vault.store(vault_items(list(settled.events.values())))
    written = append_bulk(settled.entries, now=now)
    enqueued_at = to_iso(now)
    rows = [_pending_row(entry, lane, enqueued_at) for entry in written]
    copy_values(connection, "scoring_pending", _PENDING_COLUMNS, rows)
    _release_held([entry.stream for entry in written if entry.type == "event.received"])


def write_live(
    settled: Settled, rows: Sequence[ParsedRow], *, source: str, label_source: str, now: datetime
) -> None:
    """Receive events and labels as if they came over the API, without waiting for decisions.

    An event that another sender's request took the id of meanwhile moves from accepted to refused or
    repeated.
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
        )
        for index, label in settled.labels.items()
    ]
    if statements:
        record_labels(statements, source=source, now=now)


def _pending_row(entry: Entry, lane: str, enqueued_at: str) -> Sequence[object]:
    if entry.type == "event.received":
        kind, stream, due_at = "event", entry.stream, entry.data["occurred_at"]
    else:
        kind, stream, due_at = "label", entry.data["event"], entry.data["known_at"]
    return (entry.position, lane, kind, "history", _NORMAL, stream, due_at, "", enqueued_at)


def _release_held(streams: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM scoring_pending WHERE state = 'held')")
        if cursor.fetchone()[0]:
            cursor.execute(_RELEASE_HELD, [list(streams)])
