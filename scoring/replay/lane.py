"""Vectors as a lane had them: one of its orders folded from the beginning, read at requested seqs."""

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.features.compile.plan import LanePlan
from scoring.features.folding.arena import Arena
from scoring.features.folding.fold import fold_slices
from scoring.lanes.order import LaneHead
from scoring.offline.lane import LaneBatch, iter_lane_batches

Progress = Callable[[int], None]
Fill = Callable[[LaneBatch], None]


class LaneReading(NamedTuple):
    """The lane's rows at some of the requested seqs.

    `rows`: the indexes of these seqs; `event_positions` int64[k]: the events at them; `folded` float64[k,
    plan.width]: the folded rows, without codes of open categories.
    """

    rows: slice
    event_positions: NDArray[np.int64]
    folded: NDArray[np.float64]

    def part(self, rows: slice) -> "LaneReading":
        """Some of them; `rows` then counts from the first of this reading."""
        return LaneReading(rows, self.event_positions[rows], self.folded[rows])


def read_lane(
    plan: LanePlan,
    *,
    order: int,
    seqs: NDArray[np.int64],
    fill: Fill | None = None,
    also: Collection[str] = (),
    progress: Progress | None = None,
) -> Iterator[LaneReading]:
    """Read the lane at ascending `seqs` of an order, from the log alone. Unknown seqs are skipped.

    Folding stops at the last of the seqs. `fill` gets each batch before it is folded, with the fields `also`
    in its tables; `progress` is called with numbers of folded items.
    """
    arena = Arena(plan)
    for part in iter_lane_batches(plan, also=also, after=LaneHead(plan.lane, order=order, version=order)):
        if fill:
            fill(part)
        for piece, out in fold_slices(plan, part.batch, arena):
            folded = part.batch.seqs[piece]
            start, stop = np.searchsorted(seqs, [folded[0], folded[-1] + 1]).tolist()
            if start < stop:
                rows = seqs[start:stop] - folded[0]
                yield LaneReading(slice(start, stop), part.event_positions[piece][rows], out[rows])
            if progress:
                progress(len(folded))
            if stop == len(seqs):
                return
