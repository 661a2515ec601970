"""The door to the kernel."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from scoring.features import kernel
from scoring.features.arena import Arena
from scoring.features.encode import Batch
from scoring.features.plan import LanePlan

ROWS_A_SLICE = 8_192  # their output stays a few megabytes


def fold(plan: LanePlan, batch: Batch, arena: Arena) -> NDArray[np.float64]:
    """Applies a batch to the arena's states, in order. Returns float64[n, plan.width].

    The row of a scored event holds its vector in set order, then as many context columns (what is usual for
    the entity); further columns, and rows of items without a vector, are NaN.
    """
    slots = arena.slots(batch)
    return _run(plan, batch, arena, slots, slice(0, batch.n))


def fold_slices(
    plan: LanePlan, batch: Batch, arena: Arena, *, rows: int = ROWS_A_SLICE
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """`fold` a slice of rows at a time, for batches whose whole output would be large: (rows, their output).

    Nothing else may be folded into the arena meanwhile.
    """
    slots = arena.slots(batch)
    for start in range(0, batch.n, rows):
        part = slice(start, min(start + rows, batch.n))
        yield part, _run(plan, batch, arena, slots, part)


def _run(
    plan: LanePlan, batch: Batch, arena: Arena, slots: NDArray[np.int64], part: slice
) -> NDArray[np.float64]:
    words, floats = arena.memory()
    out = np.full((part.stop - part.start, plan.width), np.nan)
    kernel.run(
        plan.code,
        plan.constants,
        batch.program[part],
        batch.times[part],
        batch.seqs[part],
        batch.deltas[part],
        batch.values[part],
        batch.hashes[part].view(np.int64),
        slots[part],
        words,
        floats,
        np.empty(max(1, plan.registers)),
        out,
        arena.saturated_reads,
    )
    return out
