"""Folds a batch in the threads of a pool: kinds of entities, and entities of a kind, in parallel.

One thread folds all items of an entity, in order; the kernel releases the interpreter lock. The assignment of
threads changes nothing: rows and states are those of `fold`, to the bit. The items of an entity are folded
consecutively, while its state is in the processor's cache.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from scoring.features.compile.plan import LanePlan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import Batch
from scoring.features.folding.fold import ROWS_PER_SLICE, fold_slices, run_kernel
from scoring.features.folding.split import KindPlan, SplitPlan, split_plan

Rows = NDArray[np.int64]
Slices = Iterator[tuple[slice, NDArray[np.float64]]]  # rows of a batch, and their output
Given = TypeVar("Given")


def fold_history(
    plan: LanePlan, batches: Iterable[tuple[Given, Batch]], arena: Arena, *, threads: int
) -> Iterator[tuple[Given, Slices]]:
    """Fold batches in order: yields the object that came with each, and its rows like `fold_slices`.

    Consume a batch's rows before asking for the next batch. With several threads, this thread reads the next
    batch while they fold the current one, so three batches are in memory.
    """
    if threads < 2:
        for given, batch in batches:
            yield given, fold_slices(plan, batch, arena)
        return
    with ThreadPoolExecutor(threads) as pool:
        before: tuple[Given, ParallelFold] | None = None
        for given, batch in batches:
            if before:
                before[1].wait()
            folding = ParallelFold(plan, batch, arena, pool=pool)
            if before:
                yield before[0], before[1].rows()
            before = given, folding
        if before:
            before[1].wait()
            yield before[0], before[1].rows()


class Assembly:
    """Assembles the rows of a batch from the reads of each kind's states."""

    def __init__(self, split: SplitPlan, batch: Batch) -> None:
        self._split, self._batch = split, batch
        self._columns = split.whole.value_columns
        self._values = np.full((batch.n, self._columns + split.reads), np.nan)
        self._values[:, : self._columns] = batch.values

    def put(self, kind: KindPlan, rows: Rows, reads: NDArray[np.float64]) -> None:
        """Add what these rows read of a kind: float64[rows, kind.plan.width]."""
        put = scatter if len(kind.columns) == 1 else scatter_known
        put(self._values, rows, self._columns + kind.first, reads)

    def compute(self, rows: slice) -> NDArray[np.float64]:
        """The rows of the whole plan; all their reads must have been added."""
        return run_kernel(
            self._split.rest,
            self._batch,
            rows,
            values=self._values[rows],
            slots=np.full((rows.stop - rows.start, 1), -1, dtype=np.int64),
            memory=(np.empty(0, dtype=np.int64), np.empty(0)),
            saturated=np.empty(0, dtype=np.int64),
        )


class ParallelFold:
    """A batch being folded by the pool: first its states (`wait`), then its rows.

    Nothing else may be folded into the arena until `wait` returns.
    """

    def __init__(
        self, plan: LanePlan, batch: Batch, arena: Arena, *, pool: Executor, rows: int = ROWS_PER_SLICE
    ) -> None:
        split = split_plan(plan)
        self._batch, self._arena, self._pool, self._rows_a_slice = batch, arena, pool, rows
        self._assembly = Assembly(split, batch)
        starts = arena.starts(batch)
        self._states = [
            pool.submit(self._fold_piece, kind, piece, starts)
            for kind in split.kinds
            for piece in cut_pieces(kind, batch, starts, max_rows=rows)
        ]
        self._rows: list[tuple[slice, Future[NDArray[np.float64]]]] = []

    def wait(self) -> None:
        """Wait until the batch is applied to the arena's states, then start computing its rows."""
        while self._states:
            self._arena.saturated_reads += self._states.pop(0).result()
        for start in range(0, self._batch.n, self._rows_a_slice):
            rows = slice(start, min(start + self._rows_a_slice, self._batch.n))
            self._rows.append((rows, self._pool.submit(self._assembly.compute, rows)))

    def rows(self) -> Slices:
        """(rows, their output) like `fold_slices`. Iterate once, after `wait`."""
        while self._rows:
            rows, output = self._rows.pop(0)
            yield rows, output.result()

    def _fold_piece(self, kind: KindPlan, piece: "Piece", starts: Sequence[Rows]) -> NDArray[np.int64]:
        reads, saturated = fold_piece(kind, self._batch, self._arena, piece=piece, starts=starts)
        self._assembly.put(kind, piece.rows, reads)
        return saturated


class Piece(NamedTuple):
    """Rows of a batch to fold together, each for its state of a kind.

    `states`: where the state of each row starts, if rows may name several of the kind. An event between two
    accounts then has two rows, one for each; an event from an account to itself has one.
    """

    rows: Rows
    states: Rows | None = None


def fold_piece(
    kind: KindPlan, batch: Batch, arena: Arena, *, piece: Piece, starts: Sequence[Rows]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Apply rows to the states of a kind; gives what they read and the saturated reads.

    `starts`: by key column, where the states of its keys start (`Arena.starts`).
    """
    slots = np.full((len(piece.rows), len(kind.plan.key_kinds)), -1, dtype=np.int64)
    for column in kind.columns:
        named = starts[column][batch.keys[column].codes[piece.rows]]
        slots[:, column] = named if piece.states is None else np.where(named == piece.states, named, -1)
    saturated = np.zeros_like(arena.saturated_reads)
    reads = run_kernel(
        kind.plan,
        batch,
        piece.rows,
        values=batch.values[piece.rows],
        slots=slots,
        memory=arena.memory(),
        saturated=saturated,
    )
    return reads, saturated


def cut_pieces(kind: KindPlan, batch: Batch, starts: Sequence[Rows], *, max_rows: int) -> Iterator[Piece]:
    """The rows that have a state of a kind, in pieces of about `max_rows` that share no state."""
    if len(kind.columns) == 1:
        for rows in cut_by_entity(batch.keys[kind.columns[0]].codes, max_rows=max_rows):
            yield Piece(rows)
        return
    rows, states = _rows_by_state([starts[column][batch.keys[column].codes] for column in kind.columns])
    codes = np.unique(states, return_inverse=True)[1]
    for entries in cut_by_entity(codes, max_rows=max_rows):
        yield Piece(rows[entries], states[entries])


def _rows_by_state(named: Sequence[Rows]) -> tuple[Rows, Rows]:
    """(row, state) for every distinct state that a row names in its key columns, in order of rows."""
    entries = []
    for at, states in enumerate(named):
        fresh = states >= 0
        for earlier in named[:at]:
            fresh &= states != earlier
        rows = np.flatnonzero(fresh)
        entries.append((rows, states[rows]))
    rows, states = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    order = np.argsort(rows, kind="stable")
    return rows[order], states[order]


def cut_by_entity(codes: Rows, *, max_rows: int) -> Iterator[Rows]:
    """The rows with a code, grouped by code and in order within each, in pieces that share no code.

    A piece has about `max_rows` rows, more if a single code has more.
    """
    order, bounds = group_rows(codes, int(codes.max(initial=-1)) + 1)
    start = 0
    while start < len(order):
        end = int(bounds[np.searchsorted(bounds, min(start + max_rows, len(order)))])
        yield order[start:end]
        start = end


@njit(cache=True, nogil=True)
def group_rows(codes: Rows, count: int) -> tuple[Rows, Rows]:
    """Rows ordered by code (0 to count-1; -1 is left out), then by row; and where each code begins."""
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


@njit(cache=True, nogil=True)
def scatter(table: NDArray[np.float64], rows: Rows, first: int, columns: NDArray[np.float64]) -> None:
    """table[rows, first:first + columns.shape[1]] = columns"""
    for at in range(rows.size):
        for column in range(columns.shape[1]):
            table[rows[at], first + column] = columns[at, column]


@njit(cache=True, nogil=True)
def scatter_known(table: NDArray[np.float64], rows: Rows, first: int, columns: NDArray[np.float64]) -> None:
    """The same for known values (not NaN): a row that occurs once per state knows a part each time."""
    for at in range(rows.size):
        for column in range(columns.shape[1]):
            value = columns[at, column]
            if value == value:  # noqa: PLR0124 -- not NaN
                table[rows[at], first + column] = value
