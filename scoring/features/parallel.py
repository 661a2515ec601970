"""A batch folded by the threads of a pool: kinds of entities, and entities of a kind, side by side.

The items of one entity are folded by one thread, in their order; the kernel lets go of the interpreter's
lock. Which thread folds what changes nothing: rows and states are those of `fold`, to the bit. The states of
an entity are also worked on while they are in the processor's cache, so that it takes no more processor time
than `fold`.
"""

from collections.abc import Iterator
from concurrent.futures import Executor, Future

import numpy as np
from numba import njit
from numpy.typing import NDArray

from scoring.features.arena import Arena
from scoring.features.encode import Batch
from scoring.features.fold import ROWS_A_SLICE, run_kernel
from scoring.features.plan import LanePlan
from scoring.features.split import KindPlan, split_plan

Rows = NDArray[np.int64]


class ParallelFold:
    """A batch on its way through the pool: its states first (`wait`), then its rows.

    Until `wait` returns nothing else may be folded into the arena.
    """

    def __init__(
        self, plan: LanePlan, batch: Batch, arena: Arena, *, pool: Executor, rows: int = ROWS_A_SLICE
    ) -> None:
        self._split, self._batch, self._arena, self._pool = split_plan(plan), batch, arena, pool
        self._rows_a_slice = rows
        columns = plan.value_columns
        self._values = np.full((batch.n, columns + self._split.reads), np.nan)
        self._values[:, :columns] = batch.values
        starts = arena.starts(batch)
        self._states = [
            pool.submit(self._fold_piece, kind, piece, starts[kind.kind][batch.keys[kind.kind].codes[piece]])
            for kind in self._split.kinds
            for piece in cut_by_entity(batch.keys[kind.kind].codes, most=rows)
        ]
        self._rows: list[tuple[slice, Future[NDArray[np.float64]]]] = []

    def wait(self) -> None:
        """Returns when the arena's states are those after the batch, and starts with its rows."""
        while self._states:
            self._arena.saturated_reads += self._states.pop(0).result()
        for start in range(0, self._batch.n, self._rows_a_slice):
            rows = slice(start, min(start + self._rows_a_slice, self._batch.n))
            self._rows.append((rows, self._pool.submit(self._compute_rows, rows)))

    def rows(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """What `fold_slices` gives: (rows, their output). To be gone through once, after `wait`."""
        while self._rows:
            rows, output = self._rows.pop(0)
            yield rows, output.result()

    def _fold_piece(self, kind: KindPlan, rows: Rows, starts: Rows) -> NDArray[np.int64]:
        """Applies rows to a kind's states and notes what was read; gives the saturated reads."""
        plan, batch = kind.plan, self._batch
        slots = np.full((len(rows), len(plan.entity_kinds)), -1, dtype=np.int64)
        slots[:, kind.kind] = starts
        saturated = np.zeros_like(self._arena.saturated_reads)
        reads = run_kernel(
            plan,
            batch,
            rows,
            values=batch.values[rows],
            slots=slots,
            memory=self._arena.memory(),
            saturated=saturated,
        )
        scatter(self._values, rows, batch.values.shape[1] + kind.first, reads)
        return saturated

    def _compute_rows(self, rows: slice) -> NDArray[np.float64]:
        return run_kernel(
            self._split.rest,
            self._batch,
            rows,
            values=self._values[rows],
            slots=np.full((rows.stop - rows.start, 1), -1, dtype=np.int64),
            memory=self._arena.memory(),
            saturated=self._arena.saturated_reads,
        )


def cut_by_entity(codes: Rows, *, most: int) -> Iterator[Rows]:
    """The rows that have a code, those of one code together and in order, in pieces that share no code.

    A piece has about `most` rows, more where one code has more.
    """
    order, bounds = group_rows(codes, int(codes.max(initial=-1)) + 1)
    start = 0
    while start < len(order):
        end = int(bounds[np.searchsorted(bounds, min(start + most, len(order)))])
        yield order[start:end]
        start = end


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def group_rows(codes: Rows, count: int) -> tuple[Rows, Rows]:
    """Rows by their code (0 to count-1; -1: left out), in order within each; and where each code begins."""
    bounds = np.zeros(count + 1, dtype=np.int64)
    for code in codes:
        if code >= 0:
            bounds[code + 1] += 1
    for code in range(count):
        bounds[code + 1] += bounds[code]
    places = bounds[:-1].copy()
    order = np.empty(bounds[count], dtype=np.int64)
    for row in range(codes.size):
        code = codes[row]
        if code >= 0:
            order[places[code]] = row
            places[code] += 1
    return order, bounds


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def scatter(table: NDArray[np.float64], rows: Rows, first: int, columns: NDArray[np.float64]) -> None:
    """table[rows, first:first + columns.shape[1]] = columns"""
    for at in range(rows.size):
        for column in range(columns.shape[1]):
            table[rows[at], first + column] = columns[at, column]
