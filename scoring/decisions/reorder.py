"""A new order for a lane: what it has applied and all history, merged by when each became known."""

from collections.abc import Callable

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from scoring.decisions import pending
from scoring.decisions.history import ITEMS_AN_ENTRY, refresh_statistics
from scoring.decisions.lane_lock import held_lane
from scoring.decisions.lane_log import (
    LaneHead,
    head_after,
    iter_lane_positions,
    read_head,
    reordered_entry,
    sequenced_entry,
)
from scoring.decisions.online_store import OnlineStore
from scoring.decisions.restore import restore_states
from scoring.features.plan import lane_plan
from scoring.log.append import append

Progress = Callable[[int], None]

# Position, whether it is a label, when it became known (history at its own time, the rest at its receipt; a
# label not before its event) and the event's own time, which moves the lane's clock; in us.
KNOWN = """
    SELECT position, 0,
           (extract(epoch FROM CASE WHEN history THEN occurred_at ELSE received_at END) * 1000000)::bigint,
           (extract(epoch FROM occurred_at) * 1000000)::bigint
      FROM scoring_event WHERE position = ANY(%(positions)s)
    UNION ALL
    SELECT label.position, 1,
           (extract(epoch FROM greatest(
               label.known_at, CASE WHEN event.history THEN event.occurred_at ELSE event.received_at END
           )) * 1000000)::bigint, 0
      FROM scoring_label label
      JOIN scoring_logentry receipt ON receipt.stream = label.event_stream AND receipt.stream_version = 1
      JOIN scoring_event event ON event.position = receipt.position
     WHERE label.position = ANY(%(positions)s)
"""


def reorder_lane(lane: str, *, reason: str, progress: Progress | None = None) -> int:
    """Begin a new order of the lane, of all it has applied and all its history; returns the number of items.

    For history that is older than what the lane has applied; an event stands before a label of the same
    moment. Past decisions keep the order and seq they were made at. The lane is held meanwhile: events
    received wait, or are answered by the failure policy. `progress` is called with the number of items as
    they are ordered, then as they are folded.
    """
    with held_lane(lane, wait=True):
        head = read_head(lane)
        positions, clocks = _merged(lane)
        with transaction.atomic():
            head = _begin(head, reason=reason)
            for start in range(0, len(positions), ITEMS_AN_ENTRY):
                part = slice(start, start + ITEMS_AN_ENTRY)
                head = _append_part(head, positions[part], clock_us=int(clocks[part].max()))
                if progress:
                    progress(len(positions[part]))
            pending.complete(positions.tolist())
        refresh_statistics()
        plan = lane_plan(lane)
        restore_states(plan, OnlineStore(lane, plan.layout_id), progress=progress)
    return len(positions)


def _begin(head: LaneHead, *, reason: str) -> LaneHead:
    written = append([reordered_entry(head, reason=reason)], now=timezone.now())[0]
    version = written.stream_version
    return LaneHead(head.lane, order=version, version=version, position=written.position)


def _append_part(head: LaneHead, positions: np.ndarray, *, clock_us: int) -> LaneHead:
    entry = sequenced_entry(head, positions=positions.tolist(), clock_us=clock_us)
    written = append([entry], now=timezone.now())[0]
    return head_after(head, position=written.position, count=len(positions), clock_us=clock_us)


def _merged(lane: str) -> tuple[np.ndarray, np.ndarray]:
    """Positions (int64 [n]) in their new order, and the event times (us, [n]; 0 for labels) for the clock.

    Labels of history that became known after the last event are left to wait for the lane's clock.
    """
    waiting = np.array(pending.history_positions(lane), dtype=np.int64)
    positions = np.concatenate([*iter_lane_positions(lane), waiting])
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, {"positions": positions.tolist()})
        rows = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 4)
    rows = rows[np.lexsort((rows[:, 0], rows[:, 1], rows[:, 2]))]
    is_label, clock = rows[:, 1] == 1, rows[:, 3].max(initial=0)
    too_early = is_label & (rows[:, 2] > clock) & np.isin(rows[:, 0], waiting)
    return rows[~too_early, 0], rows[~too_early, 3]
