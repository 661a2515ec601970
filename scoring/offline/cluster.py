"""Folds a lane's history on the workers of a Dask cluster, each some entities of one kind.

A task reads from the lane only what its kind of entity needs, folds its share of the entities, and writes the
values read from their states to the offline store, one file for each batch. The caller reads the lane too and
assembles the rows. Values and states are bit-identical to those of a single thread.

Workers run this code, and reach the same database and offline store by the settings in their environment.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa
from django.db import connection
from django.utils import timezone
from numpy.typing import NDArray

from scoring.features.compile.plan import LanePlan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import Batch, KeyColumn
from scoring.features.folding.fold import ROWS_PER_SLICE
from scoring.features.folding.parallel import Assembly, Slices, cut_pieces, fold_piece
from scoring.features.folding.split import KindPlan, SplitPlan, split_plan, without_reads
from scoring.lanes.order import LaneHead, LaneRun, iter_lane_runs
from scoring.offline.lane import ITEMS_A_BATCH, LaneBatch, iter_lane_batches
from scoring.offline.store import OfflineStore, Scratch

Fill = Callable[[Iterable[LaneBatch]], Iterable[LaneBatch]]

# Tasks per worker, of about equal size, so that few workers are idle at the end.
TASKS_A_WORKER = 2
# The cost of reading the lane, in units of one value read from a state.
READING_COST = 5


@dataclass(frozen=True, slots=True)
class History:
    """The items to fold: those of `until`'s order up to it, from entries up to `log_position`."""

    until: LaneHead
    log_position: int | None
    items: int  # a batch

    def batches(
        self, plan: LanePlan, store: OfflineStore, *, also: Collection[str] = ()
    ) -> Iterator[LaneBatch]:
        return iter_lane_batches(
            plan, store=store, log_position=self.log_position, also=also, runs=self._runs()
        )

    def _runs(self) -> Iterator[LaneRun]:
        """The same runs for every reader, even if the lane has advanced."""
        beginning = LaneHead(self.until.lane, order=self.until.order, version=self.until.order)
        for run in iter_lane_runs(self.until.lane, after=beginning, items=self.items):
            if run.head.seq <= self.until.seq:
                yield run
            if run.head.seq > self.until.seq:
                yield run.up_to(self.until)
            if run.head.seq >= self.until.seq:
                return


@dataclass(frozen=True, slots=True)
class Task:
    """The `part`th of `parts` of the entities of a kind, over a history; `keeps_states`: return states."""

    kind: KindPlan
    part: int
    parts: int
    history: History
    store_url: str = field(repr=False)  # may hold credentials, and a failed task is logged as it reads
    scratch: str
    keeps_states: bool

    @property
    def name(self) -> str:
        return f"{self.kind.kind}-{self.part}"


def fold_on_cluster(
    plan: LanePlan,
    *,
    until: LaneHead,
    scheduler: str,
    store: OfflineStore,
    log_position: int | None = None,
    also: Collection[str] = (),
    fill: Fill = iter,
    items: int = ITEMS_A_BATCH,
) -> Iterator[tuple[LaneBatch, Slices]]:
    """The lane's items up to a head, each batch with its rows as `fold_slices` gives them.

    `scheduler`: an address, or "local:N" for N local processes. `fill` writes values that are not in the lane
    into the caller's batches. Raises SchedulerUnreachable, and any error of a task.
    """
    split, history = split_plan(plan), History(until, log_position, items)
    with store.scratch(now=timezone.now()) as scratch:
        tasks = _run_tasks(split, history, scheduler=scheduler, store=store, scratch=scratch)
        for number, part in enumerate(fill(history.batches(split.rest, store, also=also))):
            assembly = Assembly(split, part.batch)
            for task in tasks:
                assembly.put(
                    task.kind, *_reads_of(scratch.read(f"{number}-{task.name}"), task.kind.plan.width)
                )
            yield part, _slices(assembly, part.batch.n)


def states_on_cluster(
    plan: LanePlan, *, until: LaneHead, scheduler: str, store: OfflineStore, items: int = ITEMS_A_BATCH
) -> Iterator[tuple[str, bytes]]:
    """The states after the lane's items up to a head, as `Arena.iter_blobs` gives them but for the order."""
    split, history = split_plan(without_reads(plan)), History(until, None, items)
    with store.scratch(now=timezone.now()) as scratch:
        for task in _run_tasks(
            split, history, scheduler=scheduler, store=store, scratch=scratch, keeps_states=True
        ):
            table = scratch.read(f"states-{task.name}")
            yield from zip(table["suffix"].to_pylist(), table["state"].to_pylist(), strict=True)


def fold_entities(task: Task) -> None:
    """Run on a worker: fold the task's entities and write the values read from their states."""
    store = OfflineStore(task.store_url)
    scratch, plan = store.open_scratch(task.scratch), task.kind.plan
    arena = Arena(plan)
    try:
        for number, part in enumerate(task.history.batches(plan, store)):
            rows, reads = _fold_part(task, part.batch, arena)
            if plan.width:
                scratch.write(f"{number}-{task.name}", _reads_table(rows, reads))
    finally:
        connection.close()  # a worker's threads come and go
    if task.keeps_states:
        scratch.write(f"states-{task.name}", _states_table(arena))


def _fold_part(task: Task, batch: Batch, arena: Arena) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Folds the items of the task's entities; yields (their rows, the values read)."""
    keys = [*batch.keys]
    for column in task.kind.columns:
        keys[column] = _of_part(keys[column], task.part, task.parts)
    batch = replace(batch, keys=keys)
    starts = arena.starts(batch)
    rows, reads = [np.empty(0, dtype=np.int64)], [np.empty((0, task.kind.plan.width))]
    for piece in cut_pieces(task.kind, batch, starts, max_rows=ROWS_PER_SLICE):
        rows.append(piece.rows)
        reads.append(fold_piece(task.kind, batch, arena, piece=piece, starts=starts)[0])
    return np.concatenate(rows), np.concatenate(reads)


def _of_part(column: KeyColumn, part: int, parts: int) -> KeyColumn:
    """The keys in a part, by a hash that is the same in every process."""
    hashes = pd.util.hash_array(np.array(column.uniques, dtype=object), categorize=False)
    (own,) = np.nonzero(hashes % parts == part)
    codes = np.full(len(column.uniques) + 1, -1, dtype=np.int64)
    codes[own] = np.arange(len(own))
    return KeyColumn(codes[column.codes], [column.uniques[at] for at in own.tolist()])


# --- the cluster ---


def _run_tasks(
    split: SplitPlan,
    history: History,
    *,
    scheduler: str,
    store: OfflineStore,
    scratch: Scratch,
    keeps_states: bool = False,
) -> list[Task]:
    """The tasks of a history, done."""
    from scoring.offline.scheduler import connected  # noqa: PLC0415 (see there)
    from scoring.offline.worker import DjangoSetUp  # noqa: PLC0415 (as above)

    with connected(scheduler) as client:
        client.register_plugin(DjangoSetUp())
        workers = max(1, sum(client.ncores().values()))
        tasks = [
            Task(kind, part, parts, history, store.url, scratch.name, keeps_states)
            for kind, parts in cut(split, tasks=workers * TASKS_A_WORKER, every_kind=keeps_states)
            for part in range(parts)
        ]
        client.gather([client.submit(fold_entities, task, key=_key(task)) for task in tasks])
    return tasks


def cut(split: SplitPlan, *, tasks: int, every_kind: bool) -> list[tuple[KindPlan, int]]:
    """The kinds with their number of parts, most expensive first; kinds without reads only for states."""
    kinds = [kind for kind in split.kinds if every_kind or kind.plan.width]
    costs = {kind.kind: READING_COST + kind.plan.width for kind in kinds}
    share = sum(costs.values()) / tasks
    kinds.sort(key=lambda kind: -costs[kind.kind])
    return [(kind, max(1, round(costs[kind.kind] / share))) for kind in kinds]


def _key(task: Task) -> str:
    return f"{task.history.until.lane}-{task.name}-{task.scratch}"


# --- the files that tasks write for the caller ---


def _reads_table(rows: NDArray[np.int64], reads: NDArray[np.float64]) -> pa.Table:
    values = pa.FixedSizeListArray.from_arrays(pa.array(reads.ravel()), reads.shape[1])
    return pa.table({"row": pa.array(rows), "reads": values})


def _reads_of(table: pa.Table, width: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    reads = table["reads"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return table["row"].to_numpy(), reads.reshape(-1, width)


def _states_table(arena: Arena) -> pa.Table:
    blobs = dict(arena.iter_blobs())
    suffixes, states = list(blobs), list(blobs.values())
    return pa.table({"suffix": pa.array(suffixes, pa.string()), "state": pa.array(states, pa.large_binary())})


def _slices(assembly: Assembly, n: int) -> Slices:
    for start in range(0, n, ROWS_PER_SLICE):
        rows = slice(start, min(start + ROWS_PER_SLICE, n))
        yield rows, assembly.compute(rows)
