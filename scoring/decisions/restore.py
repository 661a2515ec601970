"""Bring the online states to where the lane stands in the log: after a flush, a lost second, a kill."""

import secrets
from collections.abc import Callable

from scoring.decisions.lane_log import (
    ITEMS_A_CHUNK,
    LaneChunk,
    LaneHead,
    count_items_after,
    find_head,
    iter_lane_items,
    read_beginning,
)
from scoring.decisions.online_store import OnlineStore
from scoring.features.arena import Arena
from scoring.features.encode import encode
from scoring.features.fold import fold, fold_slices
from scoring.features.plan import LanePlan
from scoring.offline.lane import iter_lane_batches

Progress = Callable[[int], None]


def restore_states(plan: LanePlan, store: OnlineStore, *, progress: Progress | None = None) -> LaneHead:
    """Apply what the log has beyond Redis; returns the head it then reflects. The caller holds the lane.

    A few items are folded onto the states that are there. With many, with no states, or with states that this
    log never had (a restored dump), everything is folded anew from the log's beginning.
    """
    found = store.cursor()
    head = find_head(store.lane, cursor_value=found) if found else None
    if head is None or count_items_after(head) > ITEMS_A_CHUNK:
        return _restore_from_beginning(plan, store, progress=progress)
    for chunk in iter_lane_items(store.lane, after=head):
        head = _catch_up(plan, store, head, chunk)
    return head


def _restore_from_beginning(plan: LanePlan, store: OnlineStore, *, progress: Progress | None) -> LaneHead:
    token = f"restoring:{secrets.token_hex(8)}"
    store.clear(token=token)
    head, arena = read_beginning(store.lane), Arena(plan)
    for part in iter_lane_batches(plan):
        for _ in fold_slices(plan, part.batch, arena):
            pass  # the states are what is wanted
        head = part.head
        if progress:
            progress(part.batch.n)
    store.replace(arena.iter_blobs(), expected=token, cursor=head.cursor, token=token)
    return head


def _catch_up(plan: LanePlan, store: OnlineStore, head: LaneHead, chunk: LaneChunk) -> LaneHead:
    batch = encode(plan, chunk.items)
    arena = Arena.from_blobs(plan, store.read(batch.state_keys(), expected=head.cursor))
    fold(plan, batch, arena)
    token = f"restoring:{secrets.token_hex(8)}"
    store.replace(arena.iter_blobs(), expected=head.cursor, cursor=chunk.head.cursor, token=token)
    return chunk.head
