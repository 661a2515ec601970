"""Reorder a lane: its applied entries and all history, merged by the time each became known."""

from collections.abc import Iterator

import numpy as np
from django.db import connection, transaction
from django.utils import timezone
from numpy.typing import NDArray

from scoring.features.compile.plan import LanePlan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import Batch
from scoring.lanes import queue as pending
from scoring.lanes.amendments import amended_streams, place_entries, positions_of, read_amended
from scoring.lanes.order import (
    ITEMS_A_CHUNK,
    Effects,
    LaneHead,
    LaneRun,
    count_items_after,
    head_after,
    iter_lane_runs,
    read_beginning,
    reordered_entry,
    sequenced_entry,
)
from scoring.log.append import append
from scoring.offline.lane import ITEMS_A_BATCH, ITEMS_A_FOLD
from scoring.offline.store import OfflineStore
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.states.errors import OrderIncomplete
from scoring.states.history import ITEMS_AN_ENTRY, refresh_statistics
from scoring.states.rebuild import Rebuilt, rebuild_as
from scoring.states.restore import Progress, fold_states, read_batches

# Position, whether it is a label, known-at in us (history at its own time, the rest at its receipt; a label
# not before its event), and the event's time in us, which moves the lane's clock. The table of events holds
# the time of the latest version, the log that of each version.
KNOWN = """
    SELECT event.position, 0,
           (extract(epoch FROM CASE WHEN history THEN own.moment ELSE received_at END) * 1000000)::bigint,
           (extract(epoch FROM own.moment) * 1000000)::bigint
      FROM scoring_event event
     CROSS JOIN LATERAL (
           SELECT CASE WHEN versions = 1 THEN event.occurred_at ELSE (
               SELECT (receipt.data::json ->> 'occurred_at')::timestamptz
                 FROM scoring_logentry receipt WHERE receipt.position = event.position
           ) END AS moment) own
     WHERE event.position = ANY(%(positions)s)
    UNION ALL
    SELECT amendment.position, 0, (extract(epoch FROM amended_at) * 1000000)::bigint,
           coalesce((extract(epoch FROM own.moment) * 1000000)::bigint, 0)
      FROM scoring_amendment amendment
     CROSS JOIN LATERAL (
           SELECT (entry.data::json ->> 'occurred_at')::timestamptz AS moment
             FROM scoring_logentry entry WHERE entry.position = amendment.position) own
     WHERE amendment.position = ANY(%(positions)s)
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


def reorder_lane(lane: str, *, reason: str, watch: ProgressReporter = NO_PROGRESS) -> Rebuilt:
    """Begin a new order of the lane from its applied entries and all its history, and rebuild its states.

    For history that is older than what the lane has applied. An event comes before a label of the same
    moment. Entries that the lane applies while the order is computed follow it, as they were applied. Past
    decisions keep their order and seq. The lane is held for the last few items, the entries of the order and
    the switch. Raises like `scoring.states.rebuild.rebuild_lane`, OrderIncomplete, and StreamConflict if
    former holders of the lane keep writing.
    """

    def begin(plan: LanePlan, store: OfflineStore | None) -> "MergedOrder":
        return MergedOrder(plan, store=store, reason=reason, watch=watch)

    rebuilt = rebuild_as(lane, begin, watch=watch)
    refresh_statistics()
    return rebuilt


class MergedOrder:
    """A lane's applied entries and waiting history, merged; then the entries that it applies meanwhile."""

    def __init__(
        self,
        plan: LanePlan,
        *,
        store: OfflineStore | None,
        reason: str,
        watch: ProgressReporter = NO_PROGRESS,
    ) -> None:
        self._plan, self._store, self._reason = plan, store, reason
        # The queue first: entries that leave it meanwhile are among the applied ones.
        waiting = np.array(pending.history_positions(plan.lane), dtype=np.int64)
        # The head up to which this order includes the present one.
        self._applied, applied = _applied(plan.lane, watch)
        merged, clocks = _merge(applied, np.setdiff1d(waiting, applied), watch)
        if missing := len(np.setdiff1d(applied, merged)):
            raise OrderIncomplete(lane=plan.lane, applied=len(applied), missing=missing)
        self._waiting = np.intersect1d(waiting, merged)
        amended = read_amended(amended_streams(merged), applied=False)
        self._merged, places, self._effects = place_entries(merged, amended, first_seq=1)
        self._clocks = clocks[places]
        self._live: list[LaneRun] = []
        self._given = 0

    def missing(self) -> int:
        """How many items are left."""
        return max(0, len(self._merged) - self._given) + count_items_after(self._applied)

    def batches(self) -> Iterator[Batch]:
        """The merged items; on later calls, the items that the lane has applied since, in its order."""
        merging = self._given < len(self._merged)
        runs, items = (self._merged_runs(), ITEMS_A_FOLD) if merging else (self._live_runs(), ITEMS_A_CHUNK)
        for batch, _ in read_batches(self._plan, runs, items=items, store=self._store):
            yield batch

    def states(self, *, progress: Progress) -> Arena:
        """The states of all entities after the merged items."""
        return fold_states(self._plan, self.batches(), progress=progress)

    def conclude(self) -> LaneHead:
        """Append the order and dequeue its history; returns its head. The lane is held."""
        with transaction.atomic():
            head = _begin(self._applied, reason=self._reason)
            for start in range(0, len(self._merged), ITEMS_AN_ENTRY):
                part = slice(start, start + ITEMS_AN_ENTRY)
                clock_us = int(self._clocks[part].max())
                head = _append_part(head, self._merged[part], self._effects, clock_us=clock_us)
            for run in self._live:
                head = _append_part(head, run.positions, run.effects, clock_us=run.head.clock_us)
            pending.complete(self._waiting.tolist())
        return head

    def _merged_runs(self) -> Iterator[LaneRun]:
        for start in range(0, len(self._merged), ITEMS_A_FOLD):
            yield self._give(self._merged[start : start + ITEMS_A_FOLD], self._effects, clock_us=0)

    def _live_runs(self) -> Iterator[LaneRun]:
        for run in iter_lane_runs(self._plan.lane, after=self._applied, items=ITEMS_A_CHUNK):
            self._applied = run.head
            # Merged history may have been applied since.
            new = run.positions[~np.isin(run.positions, self._waiting)]
            if len(new):
                placed, effects = self._placed(new)
                self._live.append(self._give(placed, effects, clock_us=run.head.clock_us))
                yield self._live[-1]

    def _placed(self, positions: NDArray[np.int64]) -> tuple[NDArray[np.int64], Effects]:
        """Positions of the present order as they follow in this one, and their effects."""
        _, firsts = np.unique(positions, return_index=True)
        entries = positions[np.sort(firsts)]
        amended = read_amended(amended_streams(entries), applied=False)
        given = [self._merged, *(run.positions for run in self._live)]
        for event in {id(event): event for event in amended.by_position.values()}.values():
            own = np.array(positions_of(event))
            event.mark_applied(own[np.isin(own, np.concatenate(given))].tolist())
        placed, _, effects = place_entries(entries, amended, first_seq=self._given + 1)
        return placed, effects

    def _give(self, positions: NDArray[np.int64], effects: Effects, *, clock_us: int) -> LaneRun:
        first, self._given = self._given + 1, self._given + len(positions)
        own = {seq: effect for seq, effect in effects.items() if first <= seq <= self._given}
        return LaneRun(positions, LaneHead(self._plan.lane, seq=self._given, clock_us=clock_us), own)


def _begin(head: LaneHead, *, reason: str) -> LaneHead:
    written = append([reordered_entry(head, reason=reason)], now=timezone.now())[0]
    version = written.stream_version
    return LaneHead(head.lane, order=version, version=version, position=written.position)


def _append_part(
    head: LaneHead, positions: NDArray[np.int64], effects: Effects, *, clock_us: int
) -> LaneHead:
    last = head.seq + len(positions)
    own = {seq: effect for seq, effect in effects.items() if head.seq < seq <= last}
    entry = sequenced_entry(head, positions=positions.tolist(), clock_us=clock_us, effects=own)
    written = append([entry], now=timezone.now())[0]
    return head_after(head, position=written.position, count=len(positions), clock_us=clock_us)


def _applied(lane: str, watch: ProgressReporter) -> tuple[LaneHead, NDArray[np.int64]]:
    """The head of the lane's present order and the positions (int64) of all its items up to there."""
    head, parts = read_beginning(lane), [np.empty(0, dtype=np.int64)]
    watch.begin("reading the present order", total=count_items_after(head))
    for run in iter_lane_runs(lane, after=head, items=ITEMS_A_BATCH):
        head = run.head
        parts.append(run.positions)
        watch.advance(len(run.positions))
    return head, np.unique(np.concatenate(parts))


def _merge(
    applied: NDArray[np.int64], waiting: NDArray[np.int64], watch: ProgressReporter
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions (int64 [n]) in their new order, and the event times (us, [n]; 0 for labels) for the clock.

    Labels of history known after the last event keep waiting for the lane's clock.
    """
    watch.begin("reading when each item became known", total=len(applied) + len(waiting))
    rows = _read_known(np.concatenate([applied, waiting]), watch)
    rows = rows[np.lexsort((rows[:, 0], rows[:, 1], rows[:, 2]))]
    is_label, clock = rows[:, 1] == 1, rows[:, 3].max(initial=0)
    too_early = is_label & (rows[:, 2] > clock) & np.isin(rows[:, 0], waiting)
    return rows[~too_early, 0], rows[~too_early, 3]


def _read_known(positions: NDArray[np.int64], watch: ProgressReporter) -> NDArray[np.int64]:
    """The rows of KNOWN, int64 [n, 4], in no particular order."""
    parts = [np.empty((0, 4), dtype=np.int64)]
    for start in range(0, len(positions), ITEMS_A_BATCH):
        with connection.cursor() as cursor:
            part = positions[start : start + ITEMS_A_BATCH].tolist()
            cursor.execute(KNOWN, {"positions": part})
            parts.append(np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 4))
        watch.advance(len(part))
    return np.concatenate(parts)
