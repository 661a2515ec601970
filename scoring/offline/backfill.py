"""Folds a lane's whole history once, on this machine's cores or on the cluster in the settings."""

from collections.abc import Collection, Iterator

from django.conf import settings

from scoring.features.compile.plan import LanePlan
from scoring.features.folding.arena import Arena
from scoring.features.folding.parallel import Slices, fold_history
from scoring.lanes.order import LaneHead, read_head
from scoring.offline.cluster import Fill, fold_on_cluster, states_on_cluster
from scoring.offline.lane import ITEMS_A_BATCH, LaneBatch, iter_lane_batches
from scoring.offline.segments import Segments
from scoring.offline.store import OfflineStore

# A cluster takes seconds to start; one core folds this many items in that time.
WORTH_A_CLUSTER = 5 * ITEMS_A_BATCH


def fold_lane(
    plan: LanePlan,
    *,
    store: OfflineStore,
    log_position: int | None = None,
    also: Collection[str] = (),
    fill: Fill = iter,
    items: int = ITEMS_A_BATCH,
    known: Segments | None = None,
) -> Iterator[tuple[LaneBatch, Slices]]:
    """The lane's present order from its beginning, each batch with its rows as `fold_slices` gives them.

    The rows of a batch must be consumed before the next batch is requested. `log_position`, `also`, `items`,
    `known`: as in `iter_lane_batches`. `fill` writes values of batch views, which are not in the lane, into
    batches. Raises OfflineStoreOfAnotherLog, SchedulerUnreachable.
    """
    head = read_head(plan.lane)
    if is_for_a_cluster(head.seq):
        yield from fold_on_cluster(
            plan,
            until=head,
            scheduler=settings.DASK_SCHEDULER,
            store=store,
            log_position=log_position,
            also=also,
            fill=fill,
        )
    else:
        read = iter_lane_batches(
            plan, store=store, log_position=log_position, also=also, items=items, known=known
        )
        batches = fill(read)
        numbered = ((part, part.batch) for part in batches)
        yield from fold_history(plan, numbered, Arena(plan), threads=settings.BACKFILL_THREADS)


def fold_states_on_cluster(plan: LanePlan, *, until: LaneHead, store: OfflineStore) -> Arena:
    """The states after the lane's items up to a head, computed by the cluster in the settings.

    Raises OfflineStoreOfAnotherLog, SchedulerUnreachable.
    """
    states = states_on_cluster(plan, until=until, scheduler=settings.DASK_SCHEDULER, store=store)
    return Arena.from_blobs(plan, dict(states))


def is_for_a_cluster(items: int) -> bool:
    """Whether the settings name a cluster, and the number of items is worth using it."""
    return bool(settings.DASK_SCHEDULER) and items >= WORTH_A_CLUSTER
