"""The items of a lane as the log holds them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scoring.features.folding.encode import LaneItem
from scoring.lanes.order import ITEMS_A_CHUNK, LaneHead, iter_lane_runs, read_items


@dataclass(frozen=True, slots=True)
class LaneChunk:
    """Consecutive items of a lane, the log positions of their events, and the head after them."""

    items: list[LaneItem]
    event_positions: np.ndarray  # int64 [n]
    head: LaneHead


def iter_lane_items(lane: str, *, after: LaneHead | None = None) -> Iterator[LaneChunk]:
    """The items of the present order beyond `after`, by seq, whole `lane.sequenced` entries at a time."""
    for run in iter_lane_runs(lane, after=after, items=ITEMS_A_CHUNK):
        items, event_positions = read_items(run.positions, first_seq=run.first_seq, effects=run.effects)
        yield LaneChunk(items, event_positions, run.head)
