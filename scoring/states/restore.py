"""Bring the online states to where the lane stands in the log: after a flush, a lost second, a kill."""

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
from scoring.progress import UNWATCHED, Watch
from scoring.states.store import Filling, OnlineStore

RESTORING = "restoring"  # the kind of filling that whoever holds the lane does
REBUILDING = "rebuilding"  # the kind that goes on beside it

Progress = Callable[[int], None]


class PresentOrder:
    """The items of a lane in its present order beyond a head, each given once. `head`: after those given."""

    def __init__(self, plan: LanePlan, *, after: LaneHead, store: OfflineStore | None = None) -> None:
        self._plan, self._store = plan, store
        self.head = after

    def missing(self) -> int:
        """How many items are still to be given."""
        return count_items_after(self.head)

    def batches(self) -> Iterator[Batch]:
        """Those that are there by now."""
        items = ITEMS_A_CHUNK if self.missing() <= ITEMS_A_CHUNK else ITEMS_A_FOLD
        runs = iter_lane_runs(self._plan.lane, after=self.head, items=items)
        for batch, head in read_batches(self._plan, runs, items=items, store=self._store):
            self.head = head
            yield batch

    def states(self, *, progress: Progress | None = None) -> Arena:
        """The states of all entities after those that are there by now, from the lane's beginning."""
        missing = self.missing()
        if self._store is None or not is_for_a_cluster(missing):
            return fold_states(self._plan, self.batches(), progress=progress)
        self.head = read_head(self._plan.lane)
        states = fold_states_on_cluster(self._plan, until=self.head, store=self._store)
        if progress:
            progress(missing)
        return states

    def conclude(self) -> LaneHead:
        """The head that states of all that was given reflect."""
        return self.head


def restore_states(plan: LanePlan, store: OnlineStore, *, watch: Watch = UNWATCHED) -> LaneHead:
    """Apply what the log has beyond Redis; returns the head it then reflects. The caller holds the lane.

    What is missing is folded onto the states that are there. With no states, with states that this log never
    had (a restored dump), or when most of the lane is missing, everything is folded anew from its beginning.
    From the log alone: a lane must not stand still for the sake of an object storage that does not answer.
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
        filling.finish(cursor=order.head.cursor)  # killed now, the next goes on from here
        reached = order.head
    return reached


def read_batches(
    plan: LanePlan, runs: Iterable[LaneRun], *, items: int, store: OfflineStore | None = None
) -> Iterator[tuple[Batch, LaneHead]]:
    """What the kernel takes, with the head after it. `items`, the size of a run: few are read one by one."""
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
    """Fold what comes next onto the states of a filling; gives the number of new entities.

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


def _restore_from_beginning(plan: LanePlan, store: OnlineStore, *, watch: Watch) -> LaneHead:
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
        pass  # the states are what is wanted: half the work
