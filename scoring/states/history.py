"""Sequence history: events and labels merged into a lane's order by the time each became known."""

from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from django.utils import timezone
from numpy.typing import NDArray

from scoring.features.compile.plan import lane_plan
from scoring.free_memory import give_back_free_memory
from scoring.lanes import queue as pending
from scoring.lanes.amendments import amended_streams, place_entries, read_amended
from scoring.lanes.lock import held_lane
from scoring.lanes.order import LaneHead, head_after, read_head, sequenced_entry
from scoring.log.append import append
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.states.errors import HistoryOlderThanLane
from scoring.states.restore import restore_states
from scoring.states.store import OnlineStore
from scoring.timestamps import from_micros, to_iso

ITEMS_AN_ENTRY = 10_000
ROWS_A_READ = 50_000

# The waiting history in order; known-at in microseconds.
WAITING = """
    SELECT position, kind = 'label', (extract(epoch FROM due_at) * 1000000)::bigint
      FROM scoring_pending WHERE lane = %s AND state = 'history' ORDER BY due_at, kind, position
"""
COUNTS = """
    SELECT count(*) FILTER (WHERE kind = 'event'), count(*) FILTER (WHERE kind = 'label'),
           count(*) FILTER (WHERE kind = 'event' AND due_at < %s),
           count(*) FILTER (WHERE kind = 'label' AND due_at < %s)
      FROM scoring_pending WHERE lane = %s AND state = 'history'
"""


@dataclass(frozen=True, slots=True)
class WaitingHistory:
    """The history of a lane without a place in its order.

    `late_events` and `late_labels` are older than the last event that the lane has applied; they need a new
    order.
    """

    events: int
    labels: int
    late_events: int
    late_labels: int


def sequence_history(lane: str, *, watch: ProgressReporter = NO_PROGRESS) -> int:
    """Append the lane's waiting history to its order and bring the online states up to it.

    Events are ordered by the time they occurred and labels by the time they became known, an event before a
    label of the same moment. Labels known after the last event keep waiting until the lane's clock reaches
    them, since earlier events must not see them. So do labels known before what the lane has applied: their
    place is in a new order (see `reorder_lane`), or where the lane's traffic next moves its clock. Resumable:
    each 10,000 items are committed with their removal from the queue. Returns the number of items sequenced.
    Raises HistoryOlderThanLane if events are older than what the lane has applied.
    """
    give_back_free_memory()  # of an import before it
    with held_lane(lane, wait=True):
        count = _sequence_waiting(lane, watch=watch)
        give_back_free_memory()
        watch.begin("updating statistics")
        refresh_statistics()
        plan = lane_plan(lane, vocabularies={})
        restore_states(plan, OnlineStore(lane, plan.layout_id), watch=watch)
    return count


def waiting_history(lane: str) -> WaitingHistory:
    """Count the lane's waiting history."""
    clock = from_micros(read_head(lane).clock_us)
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, [clock, clock, lane])
        return WaitingHistory(*cursor.fetchone())


def needs_new_order(lane: str) -> bool:
    """Whether history waits that needs a new order: events, or labels from before the lane's clock."""
    waiting = waiting_history(lane)
    return bool(waiting.events or waiting.late_labels)


def refresh_statistics() -> None:
    """Update planner statistics after a bulk load; before that, the planner assumes empty tables."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scoring_logentry, scoring_event, scoring_label, scoring_pending")


def _sequence_waiting(lane: str, *, watch: ProgressReporter) -> int:
    head = read_head(lane)
    watch.begin("reading the queue")
    positions, due = _waiting_in_order(lane, head=head)
    watch.begin(f"sequencing {lane}", total=len(positions))
    for start in range(0, len(positions), ITEMS_AN_ENTRY):
        part = slice(start, start + ITEMS_AN_ENTRY)
        head = _sequence_part(head, positions[part], clock_us=int(due[part][-1]))
        watch.advance(len(positions[part]))
    return len(positions)


def _waiting_in_order(lane: str, *, head: LaneHead) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions (int64 [n]) of the items to sequence, in order, and when each became known (us, [n])."""
    rows = _read_waiting(lane)
    positions, is_label, due = rows[:, 0], rows[:, 1].astype(bool), rows[:, 2]
    events_due = due[~is_label]
    if len(events_due) and (late := int((events_due < head.clock_us).sum())):
        raise HistoryOlderThanLane(
            lane, late, to_iso(from_micros(int(events_due[0]))), to_iso(from_micros(head.clock_us))
        )
    clock = max(head.clock_us, int(events_due[-1]) if len(events_due) else 0)
    known = ~is_label | ((due >= head.clock_us) & (due <= clock))
    return positions[known], due[known]


def _read_waiting(lane: str) -> NDArray[np.int64]:
    """The rows of WAITING, int64 [n, 3], read in chunks: Python integers take ten times the memory."""
    parts = [np.empty((0, 3), dtype=np.int64)]
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(WAITING, [lane])
        while rows := cursor.fetchmany(ROWS_A_READ):
            parts.append(np.array(rows, dtype=np.int64))
    return np.concatenate(parts)


def _sequence_part(head: LaneHead, positions: np.ndarray, *, clock_us: int) -> LaneHead:
    now = timezone.now()
    amended = read_amended(amended_streams(positions))
    placed, _, effects = place_entries(positions, amended, first_seq=head.seq + 1)
    with transaction.atomic():
        entry = sequenced_entry(head, positions=placed.tolist(), clock_us=clock_us, effects=effects)
        written = append([entry], now=now)[0]
        pending.complete(positions.tolist())
    return head_after(head, position=written.position, count=len(placed), clock_us=clock_us)
