"""Calls the kernel on batches and arenas."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from scoring.features.compile.plan import LanePlan
from scoring.features.folding import kernel
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import Batch

ROWS_PER_SLICE = 8_192  # keeps their output at a few megabytes


def fold(plan: LanePlan, batch: Batch, arena: Arena) -> NDArray[np.float64]:
    """Apply a batch to the arena's states, in order. Returns float64[n, plan.width].

    The row of a scored event has the values of all feature sets of its type and what is usual for its
    entities, in the columns `FeatureSet.columns` and `context_columns`. All other cells are NaN.
    """
    return _run(plan, batch, arena, arena.slots(batch), slice(0, batch.n))


def fold_slices(
    plan: LanePlan, batch: Batch, arena: Arena, *, rows: int = ROWS_PER_SLICE
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """`fold` a slice of rows at a time, for batches with a large output: (rows, their output).

    Nothing else may be folded into the arena meanwhile.
    """
    slots = arena.slots(batch)
    for start in range(0, batch.n, rows):
        part = slice(start, min(start + rows, batch.n))
        yield part, _run(plan, batch, arena, slots, part)


def run_kernel(
    plan: LanePlan,
    batch: Batch,
    rows: slice | NDArray[np.int64],
    *,
    values: NDArray[np.float64],
    slots: NDArray[np.int64],
    memory: tuple[NDArray[np.int64], NDArray[np.float64]],
    saturated: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Apply rows of a batch, in this order, to states in memory; gives float64[rows, plan.width].

    `values` and `slots` have these rows only; `saturated` is added to. Releases the interpreter lock.
    """
    out = np.full((len(slots), plan.width), np.nan)
    kernel.run(
        plan.code,
        plan.constants,
        batch.program[rows],
        batch.times[rows],
        batch.seqs[rows],
        batch.deltas[rows],
        values,
        batch.hashes[rows].view(np.int64),
        slots,
        *memory,
        np.empty(max(1, plan.registers)),
        out,
        saturated,
    )
    return out


def _run(
    plan: LanePlan, batch: Batch, arena: Arena, slots: NDArray[np.int64], part: slice
) -> NDArray[np.float64]:
    return run_kernel(
        plan,
        batch,
        part,
        values=batch.values[part],
        slots=slots[part],
        memory=arena.memory(),
        saturated=arena.saturated_reads,
    )
