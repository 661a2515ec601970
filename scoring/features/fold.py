"""The door to the kernel."""

import numpy as np
from numpy.typing import NDArray

from scoring.features import kernel
from scoring.features.arena import Arena
from scoring.features.encode import Batch
from scoring.features.plan import LanePlan


def fold(plan: LanePlan, batch: Batch, arena: Arena) -> NDArray[np.float64]:
    """Applies a batch to the arena's states, in order. Returns float64[n, plan.width].

    The row of a scored event holds its vector in set order, then as many context columns (what is usual for
    the entity); further columns, and rows of items without a vector, are NaN.
    """
    slots = arena.slots(batch)
    words, floats = arena.memory()
    out = np.full((batch.n, plan.width), np.nan)
    kernel.run(
        plan.code,
        plan.constants,
        batch.program,
        batch.times,
        batch.seqs,
        batch.deltas,
        batch.values,
        batch.hashes.view(np.int64),
        slots,
        words,
        floats,
        np.empty(max(1, plan.registers)),
        out,
        arena.saturated_reads,
    )
    return out
