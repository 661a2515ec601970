"""History into a lane's order: events and labels merged by the time each became known."""

from collections.abc import Callable

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from scoring.decisions import pending
from scoring.decisions.lane_lock import held_lane
from scoring.decisions.lane_log import LaneHead, head_after, read_head, sequenced_entry
from scoring.decisions.online_store import OnlineStore
from scoring.decisions.restore import restore_states
from scoring.errors import HistoryOlderThanLane
from scoring.features.plan import lane_plan
from scoring.log.append import append
from scoring.timestamps import from_micros, to_iso

ITEMS_AN_ENTRY = 10_000

Progress = Callable[[int], None]


def sequence_history(lane: str, *, progress: Progress | None = None) -> int:
    """Give the lane's waiting history its place in the order and bring the online states up to it.

    Events stand at the time they occurred, labels at the time they became known, an event before a label of
    the same moment. Labels that became known after the last event stay waiting until the lane's clock reaches
    them: an earlier event must not see them. Resumable: each 10,000 items are committed with their removal
    from the queue. `progress` is called with the number of items as they are done (sequenced, then folded).
    Raises HistoryOlderThanLane when events are older than what the lane has applied: see `reorder_lane`.
    """
    with held_lane(lane, wait=True):
        head = read_head(lane)
        positions, due = _waiting_in_order(lane, head=head)
        for start in range(0, len(positions), ITEMS_AN_ENTRY):
            part = slice(start, start + ITEMS_AN_ENTRY)
            head = _sequence_part(head, positions[part], clock_us=int(due[part][-1]))
            if progress:
                progress(len(positions[part]))
        refresh_statistics()
        plan = lane_plan(lane, vocabularies={})
        restore_states(plan, OnlineStore(lane, plan.layout_id), progress=progress)
    return len(positions)


def has_waiting_events(lane: str) -> bool:
    """Whether events of the lane's history have no place in its order yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM scoring_pending WHERE lane = %s AND state = 'history' AND kind = 'event' LIMIT 1",
            [lane],
        )
        return cursor.fetchone() is not None


def refresh_statistics() -> None:
    """Let the planner know of a bulk load at once: until it does, it takes the tables for empty."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scoring_logentry, scoring_event, scoring_label, scoring_pending")


def _waiting_in_order(lane: str, *, head: LaneHead) -> tuple[np.ndarray, np.ndarray]:
    """Positions (int64 [n]) of what can be sequenced, in order, and when each became known (us, [n])."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position, kind = 'label', (extract(epoch FROM due_at) * 1000000)::bigint"
            " FROM scoring_pending WHERE lane = %s AND state = 'history' ORDER BY due_at, kind, position",
            [lane],
        )
        rows = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 3)
    positions, is_label, due = rows[:, 0], rows[:, 1].astype(bool), rows[:, 2]
    events_due = due[~is_label]
    if len(events_due) and (late := int((events_due < head.clock_us).sum())):
        raise HistoryOlderThanLane(
            lane, late, to_iso(from_micros(int(events_due[0]))), to_iso(from_micros(head.clock_us))
        )
    clock = max(head.clock_us, int(events_due[-1]) if len(events_due) else 0)
    known = ~is_label | (due <= clock)
    return positions[known], due[known]


def _sequence_part(head: LaneHead, positions: np.ndarray, *, clock_us: int) -> LaneHead:
    now = timezone.now()
    with transaction.atomic():
        entry = sequenced_entry(head, positions=positions.tolist(), clock_us=clock_us)
        written = append([entry], now=now)[0]
        pending.complete(positions.tolist())
    return head_after(head, position=written.position, count=len(positions), clock_us=clock_us)
