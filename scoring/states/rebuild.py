"""Rebuild a lane's online states as a new generation while traffic goes on, then switch to it at once."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from scoring.errors import ScoringError
from scoring.features.compile.plan import LanePlan, lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import Batch
from scoring.lanes import queue as pending
from scoring.lanes.lock import held_lane, sole_rebuild
from scoring.lanes.order import LaneHead, read_beginning
from scoring.log.errors import StreamConflict
from scoring.offline.export import check_same_log
from scoring.offline.store import OfflineStore
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.signals import lane_notifications
from scoring.states.errors import StaleOnlineState
from scoring.states.restore import REBUILDING, RESTORING, PresentOrder, Progress, catch_up
from scoring.states.store import Filling, OnlineStore

logger = logging.getLogger(__name__)

MAX_HELD_ITEMS = 200  # that may be folded while the lane is held
# One wait for the lane; what it processes meanwhile has to be caught up with afterwards.
LOCK_SECONDS = 0.2
# Against a Redis that keeps losing writes, and against a holder that has lost the lane, whose batch in flight
# may be committed before a new order.
ATTEMPTS = 3


class Order(Protocol):
    """The items that fill a generation, each given once."""

    def missing(self) -> int:
        """How many items are left."""

    def batches(self) -> Iterator[Batch]:
        """The items available now."""

    def states(self, *, progress: Progress) -> Arena:
        """The states of all entities after the items available now. Called first."""

    def conclude(self) -> LaneHead:
        """Make this the lane's order; returns the head that the states reflect. The lane is held."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The result of a rebuild; `stood_still`: seconds for which the lane was held."""

    lane: str
    items: int
    entities: int
    seconds: float
    stood_still: float


def rebuild_lane(lane: str, *, watch: ProgressReporter = NO_PROGRESS) -> Rebuilt:
    """Fold the lane's order from the log and replace the states in Redis.

    The lane is processed meanwhile, and held only for the last few items and the switch. If the rebuild is
    killed, the present states stay as they are. A release with another state layout than the running workers
    fills its own layout. Raises RebuildUnderWay, and StaleOnlineState if Redis keeps losing writes.
    """

    def begin(plan: LanePlan, store: OfflineStore | None) -> Order:
        return PresentOrder(plan, after=read_beginning(lane), store=store)

    return rebuild_as(lane, begin, watch=watch)


def rebuild_as(
    lane: str, begin: Callable[[LanePlan, OfflineStore | None], Order], *, watch: ProgressReporter
) -> Rebuilt:
    """Rebuild a lane's states in an order; see `rebuild_lane`. `begin` is called for each attempt."""
    plan = lane_plan(lane)
    with sole_rebuild(lane):
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return _Rebuild(plan, begin(plan, _offline_store()), watch).run()
            except (StaleOnlineState, StreamConflict) as refused:
                if attempt == ATTEMPTS:
                    raise
                logger.warning("%s during its rebuild; starting over", refused)
    raise AssertionError("unreachable")


class _Rebuild:
    """One attempt to rebuild."""

    def __init__(self, plan: LanePlan, order: Order, watch: ProgressReporter) -> None:
        self.plan, self.order, self.watch = plan, order, watch
        self.store = OnlineStore(plan.lane, plan.layout_id)

    def run(self) -> Rebuilt:
        started = time.perf_counter()
        self.store.remove_leftovers(sparing=RESTORING)
        filling, entities = self._fill()
        self.watch.begin("catching up with the lane", total=self.order.missing())
        head, more, stood_still = self._catch_up_and_switch(filling)
        self.watch.begin("removing the former states", total=1)
        self.store.remove_leftovers(sparing=RESTORING)
        self.watch.advance(1)
        seconds = time.perf_counter() - started
        return Rebuilt(self.plan.lane, head.seq, entities + more, seconds, stood_still)

    def _fill(self) -> tuple[Filling, int]:
        self.watch.begin("folding the log", total=self.order.missing())
        arena = self.order.states(progress=self.watch.advance)
        self.watch.begin("writing the states", total=arena.state_count())
        filling = self.store.begin(kind=REBUILDING)
        filling.write(arena.iter_blobs(), progress=self.watch.advance)
        return filling, arena.state_count()

    def _catch_up_and_switch(self, filling: Filling) -> tuple[LaneHead, int, float]:
        """Returns the head, the number of new entities, and the seconds for which the lane was held."""
        entities = 0
        while True:
            entities += self._catch_up(filling)
            if self.order.missing() > MAX_HELD_ITEMS:
                continue
            with held_lane(self.plan.lane, wait=True, patience=LOCK_SECONDS) as held:
                if held:
                    since = time.perf_counter()
                    entities += self._catch_up(filling)
                    head = self.order.conclude()
                    self.store.switch(filling, cursor=head.cursor)
                    stood_still = time.perf_counter() - since
                    break
        _notify_if_needed(self.plan.lane)
        return head, entities, stood_still

    def _catch_up(self, filling: Filling) -> int:
        return catch_up(self.plan, filling, self.order.batches(), progress=self.watch.advance)


def _notify_if_needed(lane: str) -> None:
    """Notify the lane if an entry arrived whose notification reached a worker that found the lane held."""
    if pending.has_ready(lane):
        lane_notifications.notify_lane(lane, again=True)


def _offline_store() -> OfflineStore | None:
    """The offline store, which is faster to read than the log; None if it cannot be used."""
    store = OfflineStore()
    try:
        check_same_log(store, store.manifest())
    except (ScoringError, OSError) as error:
        logger.warning("reading from the log alone, without the offline store: %s", error)
        return None
    return store
