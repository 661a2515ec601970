"""A new generation of a lane's online states, filled beside the traffic and put in place at one moment."""

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
from scoring.offline.export import check_same_log
from scoring.offline.store import OfflineStore
from scoring.progress import UNWATCHED, Watch
from scoring.signals import lane_notifications
from scoring.states.errors import StaleOnlineState
from scoring.states.restore import REBUILDING, RESTORING, PresentOrder, Progress, catch_up
from scoring.states.store import Filling, OnlineStore

logger = logging.getLogger(__name__)

FEW = 200  # items that may be left for when the lane stands still
# How long the lane is waited for at a time; what it does meanwhile has then to be caught up with.
PATIENCE_SECONDS = 0.2
ATTEMPTS = 3  # a Redis that loses what is written is not rebuilt for ever


class Order(Protocol):
    """What a generation is filled with, each item given once."""

    def missing(self) -> int:
        """How many items are still to be given."""

    def batches(self) -> Iterator[Batch]:
        """Those that are there by now."""

    def states(self, *, progress: Progress) -> Arena:
        """The states of all entities after those that are there by now; asked for first."""

    def conclude(self) -> LaneHead:
        """Make this the lane's order; gives the head that the states reflect. The lane is held."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did; `stood_still`: seconds for which nobody could work the lane."""

    lane: str
    items: int
    entities: int
    seconds: float
    stood_still: float


def rebuild_lane(lane: str, *, watch: Watch = UNWATCHED) -> Rebuilt:
    """Fold the lane's order anew from the log and put the states in place of those in Redis.

    The lane is worked meanwhile, and held only for the last few items and the switch. Killed at any moment,
    the present states stay as they are. Code whose states have another layout than those that workers use
    fills its own, beside them. Raises RebuildUnderWay; StaleOnlineState when Redis keeps losing what is
    written.
    """

    def begin(plan: LanePlan, store: OfflineStore | None) -> Order:
        return PresentOrder(plan, after=read_beginning(lane), store=store)

    return rebuild_as(lane, begin, watch=watch)


def rebuild_as(
    lane: str, begin: Callable[[LanePlan, OfflineStore | None], Order], *, watch: Watch
) -> Rebuilt:
    """Rebuild a lane's states in an order; see `rebuild_lane`. `begin` is called anew for each attempt."""
    plan = lane_plan(lane)
    with sole_rebuild(lane):
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return _Rebuild(plan, begin(plan, _offline_store()), watch).run()
            except StaleOnlineState as lost:
                if attempt == ATTEMPTS:
                    raise
                logger.warning("%s, which was being rebuilt; beginning again", lost)
    raise AssertionError("unreachable")


class _Rebuild:
    """One attempt."""

    def __init__(self, plan: LanePlan, order: Order, watch: Watch) -> None:
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
        """The head, the number of entities that were new, and for how many seconds the lane was held."""
        entities = 0
        while True:
            entities += self._catch_up(filling)
            if self.order.missing() > FEW:
                continue
            with held_lane(self.plan.lane, wait=True, patience=PATIENCE_SECONDS) as held:
                if held:
                    since = time.perf_counter()
                    entities += self._catch_up(filling)
                    head = self.order.conclude()
                    self.store.switch(filling, cursor=head.cursor)
                    stood_still = time.perf_counter() - since
                    break
        _ring_if_needed(self.plan.lane)
        return head, entities, stood_still

    def _catch_up(self, filling: Filling) -> int:
        return catch_up(self.plan, filling, self.order.batches(), progress=self.watch.advance)


def _ring_if_needed(lane: str) -> None:
    """An entry may have come whose bell was answered by a process that found the lane taken."""
    if pending.has_ready(lane):
        lane_notifications.notify_lane(lane, again=True)


def _offline_store() -> OfflineStore | None:
    """The offline store, which is quicker to read than the log; None where there is none to be used."""
    store = OfflineStore()
    try:
        check_same_log(store, store.manifest())
    except (ScoringError, OSError) as error:
        logger.warning("not read from the offline store, but from the log alone: %s", error)
        return None
    return store
