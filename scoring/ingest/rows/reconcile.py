"""Reconciles the rows of a chunk with the log. Pure: a resumed import gives the same entries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scoring.ingest.rows.event_rows import ParsedRow
from scoring.ingest.rows.label_rows import LabelRow
from scoring.ingest.rows.row_labels import LabelReader, RowLabel
from scoring.intake.label_sources import NamedPolicies, named_after, named_by_source
from scoring.intake.labels import effective_after, label_entry, said_at_by_source, said_by_source
from scoring.intake.receive import Submission, differing_fields, received_entry
from scoring.lanes.entry_types import LABEL_TYPES
from scoring.log.entries import Entry, NewEntry
from scoring.timestamps import from_iso


@dataclass(slots=True)
class ReconciledRows:
    """Entries to append in order, and the duplicate and refused rows."""

    entries: list[NewEntry] = field(default_factory=list)
    # New events, labels and refusals are by row index in the chunk.
    events: dict[int, Submission] = field(default_factory=dict)
    labels: dict[int, RowLabel] = field(default_factory=dict)
    duplicate: int = 0
    refused: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class ReconciledLabels:
    """Label entries to append in order; `held` are the streams of events that have not arrived."""

    entries: list[NewEntry] = field(default_factory=list)
    recorded: int = 0
    unchanged: int = 0
    held: set[str] = field(default_factory=set)
    refused: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class _LabelStream:
    version: int
    said: dict[str, str]
    said_at: dict[str, datetime]
    named: NamedPolicies
    effective: str | None

    def says_already(self, label_source: str, value: str, policies: tuple[str, ...]) -> bool:
        return self.said.get(label_source) == value and self.named.get(label_source, ()) == policies


def reconcile_rows(
    rows: Sequence[ParsedRow],
    *,
    source: str,
    label_source: str,
    history: bool,
    stored: Mapping[str, Sequence[Entry]],
) -> ReconciledRows:
    """Reconcile parsed rows with the `stored` entries of their event and label streams (see `streams_of`).

    A row with a new id becomes an event. The same id with the same payload is a duplicate; with a different
    payload it is refused, naming the fields. A label that changes what its source says becomes an entry.
    """
    settled = ReconciledRows()
    received: dict[str, Mapping[str, Any]] = {}
    label_streams: dict[str, _LabelStream] = {}
    for row in rows:
        submission = Submission(row.parsed.event_type, row.parsed)
        entry = received_entry(submission, source=source, history=history)
        earlier = received.get(entry.stream) or _stored_receipt(stored, entry.stream)
        if earlier is None:
            received[entry.stream] = entry.data
            settled.entries.append(entry)
            settled.events[row.index] = submission
        elif differing := differing_fields(earlier, entry.data):
            settled.refused[row.index] = (
                f"id {row.parsed.external_id} was received before with different {', '.join(differing)}"
            )
            continue
        else:
            settled.duplicate += 1
        if row.label is not None:
            stream = label_streams.get(entry.stream)
            if stream is None:
                stream = label_streams[entry.stream] = _label_stream(stored.get(f"label/{entry.stream}", ()))
            if not stream.says_already(label_source, row.label.value, row.label.policies):
                settled.labels[row.index] = row.label
                settled.entries.append(
                    _next_label(stream, entry.stream, row.label, label_source, history=history)
                )
    return settled


def streams_of(rows: Sequence[ParsedRow], *, source: str) -> list[str]:
    """The event and label streams of the rows."""
    events = [f"{row.parsed.event_type}/{source}/{row.parsed.external_id}" for row in rows]
    return events + [f"label/{stream}" for stream, row in zip(events, rows, strict=True) if row.label]


def reconcile_labels(
    rows: Sequence[LabelRow],
    streams: Sequence[str],
    *,
    reader: LabelReader,
    label_source: str,
    now: datetime,
    receipts: Mapping[str, Sequence[Entry]],
    stored: Mapping[str, Sequence[Entry]],
) -> ReconciledLabels:
    """Reconcile historical labels with the log; `streams` are the event streams of the rows.

    `receipts` are the first entries of those events, `stored` the entries of their label streams. A label
    that changes what its source says becomes an entry with the time at which it became known; one known
    before its event is refused. A label without a time became known when labels of the type mature or, if its
    event has not arrived, `now`.
    """
    settled = ReconciledLabels()
    label_streams: dict[str, _LabelStream] = {}
    for row, event_stream in zip(rows, streams, strict=True):
        receipt = _stored_receipt(receipts, event_stream)
        known_at = row.known_at or now
        if receipt is not None:
            moment = from_iso(receipt["occurred_at"])
            settled_at = reader.settle_known_at(row.known_at, moment)
            if settled_at is None:
                settled.refused[row.index] = reader.too_early(moment)
                continue
            known_at = settled_at
        stream = label_streams.get(event_stream)
        if stream is None:
            stream = label_streams[event_stream] = _label_stream(stored.get(f"label/{event_stream}", ()))
        if stream.says_already(label_source, row.value, row.policies):
            settled.unchanged += 1
            continue
        label = RowLabel(row.value, known_at, row.policies)
        settled.entries.append(_next_label(stream, event_stream, label, label_source, history=True))
        settled.recorded += 1
        if receipt is None:
            settled.held.add(event_stream)
    return settled


def _stored_receipt(stored: Mapping[str, Sequence[Entry]], stream: str) -> Mapping[str, Any] | None:
    entries = stored.get(stream)
    return entries[0].data if entries else None


def _label_stream(entries: Sequence[Entry]) -> _LabelStream:
    return _LabelStream(
        len(entries),
        said_by_source(entries),
        said_at_by_source(entries),
        named_by_source(entries, LABEL_TYPES),
        effective_after(entries),
    )


def _next_label(
    stream: _LabelStream, event_stream: str, label: RowLabel, label_source: str, *, history: bool
) -> NewEntry:
    """The entry of a label; `stream` is updated with it."""
    entry = label_entry(
        event_stream=event_stream,
        version=stream.version,
        said=stream.said,
        said_at=stream.said_at,
        previous=stream.effective,
        value=label.value,
        label_source=label_source,
        known_at=label.known_at,
        history=history,
        policies=label.policies,
        named=stream.named,
    )
    stream.version += 1
    stream.named = named_after(stream.named, label_source, label.policies)
    stream.said = {**stream.said, label_source: label.value}
    stream.said_at = {**stream.said_at, label_source: label.known_at}
    stream.effective = entry.data["effective"]
    return entry
