"""Bring the online states up to the lane's head in the log, after a flush, a lost second or a kill."""

from collections.abc import Callable, Iterable, Iterator

from scoring.features.compile.plan import LanePlan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import Batch, encode
from scoring.features.folding.fold import fold_slices
from scoring.features.folding.split import without_reads
from scoring.lanes.order import (
    ITEMS_A_CHUNK,
    LaneHead,
    LaneRun,
    count_items_after,
    find_head,
    iter_lane_runs,
    read_beginning,
    read_head,
    read_items,
)
from scoring.offline.backfill import fold_states_on_cluster, is_for_a_cluster
from scoring.offline.lane import ITEMS_A_FOLD, iter_lane_batches
from scoring.offline.store import OfflineStore
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.states.store import Filling, OnlineStore

RESTORING = "restoring"  # a generation filled by the lane's holder
REBUILDING = "rebuilding"  # a generation filled by another process meanwhile

Progress = Callable[[int], None]


class PresentOrder:
    """The items of a lane's present order beyond a head, each given once. `head`: after those given."""

    def __init__(self, plan: LanePlan, *, after: LaneHead, store: OfflineStore | None = None) -> None:
        self._plan, self._store = plan, store
        self.head = after

    def missing(self) -> int:
        """How many items are left."""
        return count_items_after(self.head)

    def batches(self) -> Iterator[Batch]:
        """The items available now."""
        items = ITEMS_A_CHUNK if self.missing() <= ITEMS_A_CHUNK else ITEMS_A_FOLD
        runs = iter_lane_runs(self._plan.lane, after=self.head, items=items)
        for batch, head in read_batches(self._plan, runs, items=items, store=self._store):
            self.head = head
            yield batch

    def states(self, *, progress: Progress | None = None) -> Arena:
        """The states of all entities after the items available now, from the lane's beginning."""
        missing = self.missing()
        if self._store is None or not is_for_a_cluster(missing):
            return fold_states(self._plan, self.batches(), progress=progress)
        self.head = read_head(self._plan.lane)
        states = fold_states_on_cluster(self._plan, until=self.head, store=self._store)
        if progress:
            progress(missing)
        return states

    def conclude(self) -> LaneHead:
        """The head that the states reflect after all items given."""
        return self.head


def restore_states(plan: LanePlan, store: OnlineStore, *, watch: ProgressReporter = NO_PROGRESS) -> LaneHead:
    """Apply what the log has beyond Redis; returns the head that Redis then reflects.

    The caller holds the lane.

    Missing items are folded onto the states in Redis. Without states, with states that this log never had (a
    restored dump), or when most of the lane is missing, everything is folded from the beginning. Reads the
    log only: a lane must not wait for an object store that does not answer.
    """
    found = store.cursor()
    head = find_head(store.lane, cursor_value=found) if found else None
    missing = count_items_after(head) if head else 0
    if head is None or missing > max(head.seq, ITEMS_A_CHUNK):
        return _restore_from_beginning(plan, store, watch=watch)
    watch.begin("bringing the states up to date", total=missing)
    order, reached = PresentOrder(plan, after=head), head
    for batch in order.batches():
        filling = store.continue_present(kind=RESTORING, expected=reached.cursor)
        catch_up(plan, filling, [batch], progress=watch.advance)
        filling.finish(cursor=order.head.cursor)  # if killed now, the next holder continues here
        reached = order.head
    return reached


def read_batches(
    plan: LanePlan, runs: Iterable[LaneRun], *, items: int, store: OfflineStore | None = None
) -> Iterator[tuple[Batch, LaneHead]]:
    """The batches of an order, each with the head after it. `items`: the size of a run."""
    if items > ITEMS_A_CHUNK:
        for part in iter_lane_batches(plan, runs=runs, store=store):
            yield part.batch, part.head
    else:
        for run in runs:
            lane_items, _ = read_items(run.positions, first_seq=run.first_seq, effects=run.effects)
            yield encode(plan, lane_items), run.head


def fold_states(plan: LanePlan, batches: Iterable[Batch], *, progress: Progress | None = None) -> Arena:
    """The states of all entities after a lane's batches from its beginning."""
    arena = Arena(plan)
    for batch in batches:
        _fold(plan, batch, arena)
        if progress:
            progress(batch.n)
    return arena


def catch_up(
    plan: LanePlan, filling: Filling, batches: Iterable[Batch], *, progress: Progress | None = None
) -> int:
    """Fold further batches onto the states of a filling; returns the number of new entities.

    Raises StaleOnlineState.
    """
    new = 0
    for batch in batches:
        states = filling.read(batch.state_keys())
        arena = Arena.from_blobs(plan, states)
        _fold(plan, batch, arena)
        filling.write(arena.iter_blobs())
        new += sum(state is None for state in states.values())
        if progress:
            progress(batch.n)
    return new


def _restore_from_beginning(plan: LanePlan, store: OnlineStore, *, watch: ProgressReporter) -> LaneHead:
    store.clear(sparing=REBUILDING)
    order = PresentOrder(plan, after=read_beginning(store.lane))
    watch.begin("folding the lane", total=order.missing())
    arena = fold_states(plan, order.batches(), progress=watch.advance)
    watch.begin("writing the states", total=arena.state_count())
    filling = store.begin(kind=RESTORING)
    filling.write(arena.iter_blobs(), progress=watch.advance)
    store.switch(filling, cursor=order.head.cursor)
    return order.head


def _fold(plan: LanePlan, batch: Batch, arena: Arena) -> None:
    for _ in fold_slices(without_reads(plan), batch, arena):
        pass  # without the vectors: half the work
