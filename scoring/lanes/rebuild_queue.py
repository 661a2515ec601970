"""Rebuild the queue of pending entries from the log.

Entries that a lane has sequenced are done; all other events and labels are pending. The log does not know
which clients wait: rebuilt rows have no wake token and ordinary priority.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection, transaction

from scoring.catalog.registry import event_type
from scoring.lanes.amendments import AMENDMENTS, CORRECTED, ENRICHED, RECEIVED, RETRACTED
from scoring.lanes.models import Pending
from scoring.lanes.queue import LATER, NORMAL
from scoring.log.entries import Entry
from scoring.log.read import iter_log, read_streams
from scoring.log.rebuild import Advance, last_position, stop_appending
from scoring.sql.bulk_tables import BulkTable, Row, copy_rows
from scoring.timestamps import from_iso

KINDS = {
    RECEIVED: Pending.Kind.EVENT,
    CORRECTED: Pending.Kind.CORRECTION,
    ENRICHED: Pending.Kind.ENRICHMENT,
    RETRACTED: Pending.Kind.RETRACTION,
}
LABELS = frozenset({"label.recorded", "label.retracted"})
PARKED = frozenset({"event.parked", "label.parked"})

# Events whose latest decision was made without the model that was due; those by rules only are final.
_TO_RESCORE = """
SELECT decided.version, e.type || '/' || e.source || '/' || e.external_id, e.type, d.decided_at
FROM scoring_decision d JOIN scoring_event e ON e.position = d.event_position
CROSS JOIN LATERAL (
    SELECT coalesce((entry.data::json ->> 'event_version')::bigint, e.position) AS version
    FROM scoring_logentry entry WHERE entry.position = d.position) decided
WHERE d.basis = 'fallback' AND d.cause <> 'rules_only' AND NOT EXISTS (
    SELECT 1 FROM scoring_decision later
    WHERE later.event_position = d.event_position AND later.revision > d.revision)
  AND NOT EXISTS (
    SELECT 1 FROM scoring_amendment amendment
    WHERE amendment.event_position = e.position AND amendment.position > decided.version)
"""

LaneOf = Callable[[str], str]


def rebuild_pending(*, advance: Advance = lambda passed: None) -> int:
    """Empty the queue and fill it from the log, in one transaction; returns the number of rows.

    `advance` receives the number of log positions passed.
    """
    table = BulkTable.of(Pending)
    with transaction.atomic():
        stop_appending()
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table.name}")  # noqa: S608 - not TRUNCATE: lanes may be reading it
        sequenced, parked = read_sequenced(), read_parked()
        sequenced = np.union1d(sequenced, read_withdrawn())
        count = passed = 0
        for entries in iter_log(types=KINDS.keys() | LABELS):
            received = _received_among({e.data["event"] for e in entries if e.type in LABELS})
            rows = pending_rows(
                entries, sequenced=sequenced, parked=parked, received=received, lane_of=lane_of_type
            )
            copy_rows(connection, table, rows)
            count += len(rows)
            advance(entries[-1].position - passed)
            passed = entries[-1].position
        rescores = list(_rescore_rows(sequenced, parked))
        copy_rows(connection, table, rescores)
        advance(last_position() - passed)
    return count + len(rescores)


def pending_rows(
    entries: Sequence[Entry],
    *,
    sequenced: np.ndarray,
    parked: Mapping[int, str],
    received: Mapping[str, int],
    lane_of: LaneOf,
) -> list[Row]:
    """The rows of those of `entries` (receipts, amendments, labels) that no lane has sequenced.

    `sequenced`: positions with a place in an order, or that never get one, sorted, int64. `parked`: errors by
    position. `received`: the labeled events that exist, stream -> position of the receipt. `lane_of`: the
    lane of an event type.
    """
    positions = np.fromiter((entry.position for entry in entries), dtype=np.int64, count=len(entries))
    done = _is_in(positions, sequenced)
    return [
        _pending_row(entry, error=parked.get(entry.position), received=received, lane_of=lane_of)
        for entry, is_done in zip(entries, done, strict=True)
        if not is_done
    ]


def read_sequenced() -> np.ndarray:
    """The positions of all entries that any lane has sequenced, sorted, int64."""
    runs = [
        np.frombuffer(entry.packed or b"", dtype="<i8")
        for entries in iter_log(types={"lane.sequenced"})
        for entry in entries
    ]
    return np.sort(np.concatenate(runs)) if runs else np.empty(0, dtype=np.int64)


def read_parked() -> dict[int, str]:
    """The last error of every entry that was ever parked, by position."""
    return {
        entry.data["position"]: entry.data["error"] for entries in iter_log(types=PARKED) for entry in entries
    }


def read_withdrawn() -> np.ndarray:
    """The positions that amendments dequeued before they were applied, sorted, int64."""
    found: list[int] = []
    for entries in iter_log(types=AMENDMENTS):
        for entry in entries:
            found += entry.data.get("dropped", ())
            found += [entry.position] if entry.data.get("withdrawn") else []
    return np.unique(np.array(found, dtype=np.int64))


def lane_of_type(name: str) -> str:
    """The lane of an event type. Raises `UnknownEventType`."""
    return event_type(name).lane


def _pending_row(entry: Entry, *, error: str | None, received: Mapping[str, int], lane_of: LaneOf) -> Row:
    is_label = entry.type in LABELS
    stream = entry.data["event"] if is_label else entry.stream
    state = _state(entry, error=error, is_held=is_label and stream not in received)
    due = _due_at(entry) if _is_history(entry) else None
    return _row(
        position=entry.position,
        lane=lane_of(stream.split("/", 1)[0]),
        kind=Pending.Kind.LABEL if is_label else KINDS[entry.type],
        state=state,
        priority=LATER if is_label and entry.position < received.get(stream, 0) else NORMAL,  # was held
        event_stream=stream,
        due_at=due,
        error=error or "",
        enqueued_at=entry.recorded_at,
    )


def _is_history(entry: Entry) -> bool:
    """Whether the entry is placed by its own time. A correction of history is placed by its receipt."""
    return bool(entry.data.get("history")) and entry.type not in AMENDMENTS


def _due_at(entry: Entry) -> datetime:
    return from_iso(entry.data["known_at" if entry.type in LABELS else "occurred_at"])


def _state(entry: Entry, *, error: str | None, is_held: bool) -> Pending.State:
    if error is not None:
        return Pending.State.PARKED
    if is_held:
        return Pending.State.HELD
    return Pending.State.HISTORY if _is_history(entry) else Pending.State.READY


def _rescore_rows(sequenced: np.ndarray, parked: Mapping[int, str]) -> Iterator[Row]:
    with connection.cursor() as cursor:
        cursor.execute(_TO_RESCORE)
        undecided = cursor.fetchall()
    # An event that no lane has sequenced is pending as an event, and is decided as one.
    done = _is_in(np.array([row[0] for row in undecided], dtype=np.int64), sequenced)
    for (position, stream, type_name, decided_at), is_done in zip(undecided, done, strict=True):
        if is_done:
            yield _row(
                position=position,
                lane=lane_of_type(type_name),
                kind=Pending.Kind.RESCORE,
                state=Pending.State.PARKED if position in parked else Pending.State.WAITING,
                priority=LATER,
                event_stream=stream,
                due_at=decided_at,
                error=parked.get(position, ""),
                enqueued_at=decided_at,
            )


def _row(*, kind: Pending.Kind, state: Pending.State, priority: int = NORMAL, **columns: Any) -> Row:
    return {"kind": kind.value, "state": state.value, "priority": priority, "wake_token": None, **columns}


def _received_among(streams: Collection[str]) -> dict[str, int]:
    receipts = read_streams(sorted(streams), version=1)
    return {stream: receipt.position for stream, (receipt,) in receipts.items()}


def _is_in(positions: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    """For each of `positions` whether the sorted array `ordered` holds it."""
    if not len(ordered):
        return np.zeros(len(positions), dtype=bool)
    return ordered[np.searchsorted(ordered, positions).clip(max=len(ordered) - 1)] == positions
