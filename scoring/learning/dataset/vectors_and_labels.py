"""Vectors and labels for training: a lane folded again in order, and the labels of its events."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from scoring.batch.serve.joining import RuleValues
from scoring.catalog.policies import names_of
from scoring.catalog.registry import event_type as find_event_type
from scoring.catalog.registry import first_entity
from scoring.features.compile.plan import FeatureSet, lane_plan
from scoring.features.folding.encode import KeyColumn
from scoring.features.folding.parallel import Slices
from scoring.features.folding.split import with_columns
from scoring.features.kept_features import kept_features
from scoring.intake.models import Label
from scoring.lanes.order import LaneHead, count_items_after
from scoring.learning.dataset.matrix_files import MatrixFile
from scoring.learning.dataset.selection import SelectionHistory
from scoring.learning.dataset.training_set import UNLABELED, LabelHistory, VectorTable, VersionPeriods
from scoring.log.entries import LAST_POSITION
from scoring.offline.amendments import EventVersions, read_versions
from scoring.offline.backfill import fold_lane
from scoring.offline.columns import coded, integers
from scoring.offline.lane import LaneBatch, event_fields
from scoring.offline.reading import read_label_rows
from scoring.offline.store import OfflineStore
from scoring.progress import NO_PROGRESS, ProgressReporter

_SELECTION = """
    SELECT event_position, (extract(epoch FROM decided_at) * 1000000)::bigint, outcome = 'block',
           coalesce(propensity, 1)
      FROM scoring_decision
     WHERE position <= %(last)s AND event_position IN (
           SELECT event_position FROM scoring_decision
            WHERE event_type = %(event_type)s AND position <= %(last)s
              AND (outcome = 'block' OR propensity IS NOT NULL))
     ORDER BY position
"""
_NONE = np.empty(0, dtype=np.int64)


def read_vectors(
    event_type: str,
    *,
    vocabulary: Mapping[str, Sequence[str]],
    feature_set: FeatureSet | None = None,
    log_position: int | None = None,
    watch: ProgressReporter = NO_PROGRESS,
    store: OfflineStore | None = None,
    on_disk: bool = False,
) -> VectorTable:
    """Every sequenced event of the type with the vector it had in the lane's order, coded by `vocabulary`.

    `feature_set`: a model's own; the type's newest one by default. The lane is folded once from its
    beginning, column by column: exported items come from the offline store (`settings.OFFLINE_URL`), the rest
    from the log. It runs on all cores, or on the cluster in the settings. Entries beyond `log_position` are
    excluded. Batch values are those the lane read; for history, those the views' schedules would have
    published. `on_disk`: the vectors are a mapped file, for sets that exceed the memory. One step
    of `watch`, counted in lane items. Raises OfflineStoreOfAnotherLog, BatchVersionCorrupt,
    SchedulerUnreachable.
    """
    kind = find_event_type(event_type)
    plan = lane_plan(kind.lane, {event_type: vocabulary})
    feature_set = feature_set or plan.feature_set(event_type)
    group_by = first_entity(event_type)
    collected = _Collected(feature_set, group_by=group_by, on_disk=on_disk)
    store = store or OfflineStore()
    batch_values = RuleValues(plan, feature_set, log_position=log_position, store=store)
    plan = with_columns(plan, event_type, feature_set.columns.tolist())
    also = [group_by, *batch_values.columns]
    history = fold_lane(
        plan,
        store=store,
        log_position=log_position,
        also=also,
        fill=batch_values.filled,
        known=batch_values.share(event_fields(plan, also)),
    )
    columns: dict[str, Any] = _collect(history, collected, lane=kind.lane, watch=watch)
    amended = read_versions(event_type, log_position=log_position)
    keep_earlier(columns["X"], columns["positions"], amended, kept=kept_features(feature_set))
    return VectorTable(
        event_type=event_type,
        feature_names=feature_set.names,
        feature_set=feature_set.hash,
        vocabularies={name: tuple(values) for name, values in vocabulary.items()},
        **columns,
        periods=_periods_of(columns["positions"], amended),
    )


def _collect(
    history: Iterable[tuple[LaneBatch, Slices]],
    collected: "_Collected",
    *,
    lane: str,
    watch: ProgressReporter,
) -> dict[str, np.ndarray]:
    """The columns of all batches of a lane; one step of `watch`, counted in the lane's items."""
    items, reached = count_items_after(LaneHead(lane)), 0
    watch.begin("reading the lane", total=items)
    for part, rows in history:
        collected.add(part, rows)
        watch.advance(part.head.seq - reached)
        reached = part.head.seq
    watch.advance(max(items - reached, 0))  # items beyond the log position
    return collected.columns()


def read_labels(
    vectors: VectorTable,
    *,
    log_position: int | None = None,
    watch: ProgressReporter = NO_PROGRESS,
    store: OfflineStore | None = None,
) -> LabelHistory:
    """The labels recorded for these events up to `log_position`, in recorded order.

    A label counts from its event on, as in the lane, also where it arrived first or the clock of the event's
    sender was ahead. One step of `watch`, counted in labels.
    """
    positive = find_event_type(vectors.event_type).labels.positive
    watch.begin("reading labels", total=count_labels(vectors.event_type, log_position=log_position))
    label_rows = read_label_rows(
        vectors.event_type, log_position=log_position, store=store, progress=watch.advance
    )
    which, rows = _rows_of_events(vectors, integers(label_rows["event_position"]))
    state = pc.fill_null(pc.equal(label_rows["effective"], positive).cast(pa.int8()), UNLABELED).to_numpy()
    return LabelHistory(
        rows=rows,
        known_at=np.maximum(integers(label_rows["known_at"])[which], vectors.first_occurred_at[rows]),
        effective=state[which],
        policies={
            name: broken[which]
            for name, broken in _broken_policies(vectors.event_type, label_rows, state).items()
        },
    )


def _broken_policies(event_type: str, label_rows: pa.Table, state: np.ndarray) -> dict[str, np.ndarray]:
    """For each policy of the type int8[k]: whether each label says that it is broken; UNLABELED if unsaid."""
    names = names_of(find_event_type(event_type).policies)
    if not names:
        return {}
    named = label_rows["effective_policies"].cast(pa.string()).to_pylist()
    stated = [frozenset(text.split(",")) if text else None for text in named]
    found = {}
    for name in names:
        broken = np.array([UNLABELED if each is None else name in each for each in stated], dtype=np.int8)
        found[name] = np.where(state == 1, broken, state).astype(np.int8)
    return found


def read_selection(vectors: VectorTable, *, log_position: int | None = None) -> SelectionHistory:
    """The decisions up to `log_position` on those events that were ever blocked or explored."""
    last = LAST_POSITION if log_position is None else log_position
    with connection.cursor() as cursor:
        cursor.execute(_SELECTION, {"event_type": vectors.event_type, "last": last})
        columns = list(zip(*cursor.fetchall(), strict=True)) or [(), (), (), ()]
    which, rows = _rows_of_events(vectors, np.array(columns[0], dtype=np.int64))
    return SelectionHistory(
        rows=rows,
        decided_at=np.array(columns[1], dtype=np.int64)[which],
        blocked=np.array(columns[2], dtype=bool)[which],
        weights=1 / np.array(columns[3], dtype=np.float64)[which],
    )


def _rows_of_events(vectors: VectorTable, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(places in `positions`, rows of the table): every version of an event at these log positions."""
    events = vectors.events
    order = np.argsort(events, kind="stable")
    first, end = (np.searchsorted(events[order], positions, side=side) for side in ("left", "right"))
    which = np.repeat(np.arange(len(positions)), end - first)
    within = np.arange(len(which)) - np.repeat(np.cumsum(end - first) - (end - first), end - first)
    return which, order[first[which] + within]


def count_labels(event_type: str, *, log_position: int | None = None) -> int:
    """The number of labels recorded for events of the type, up to a log position."""
    last = LAST_POSITION if log_position is None else log_position
    return Label.objects.filter(event_stream__startswith=f"{event_type}/", position__lte=last).count()


def keep_earlier(
    X: np.ndarray, positions: np.ndarray, amended: Sequence[EventVersions], *, kept: np.ndarray
) -> None:
    """Copy the features that an enrichment leaves as they were, `kept` bool[F], from the version before it.

    X [n, F] has a row for each version at `positions` [n]; it is changed in place, as the lane decided.
    """
    pairs = [
        (before.position, version.position)
        for each in amended
        for before, version in pairwise(each.versions)
        if version.is_enriched
    ]
    wanted = np.array(pairs, dtype=np.int64).ravel()
    rows = np.flatnonzero(np.isin(positions, wanted))
    row_of = dict(zip(positions[rows].tolist(), rows.tolist(), strict=True))
    for before, version in pairs:
        if before in row_of and version in row_of:
            X[row_of[version], kept] = X[row_of[before], kept]


def _periods_of(positions: np.ndarray, amended: Sequence[EventVersions]) -> VersionPeriods:
    """The validity period of each row of an amended event. `positions`: those of all rows."""
    if not amended:
        return VersionPeriods()
    wanted = np.array([version.position for each in amended for version in each.versions], dtype=np.int64)
    rows = np.flatnonzero(np.isin(positions, wanted))
    row_of = dict(zip(positions[rows].tolist(), rows.tolist(), strict=True))
    periods = [
        (row_of[position], each.event, since, until)
        for each in amended
        for position, since, until in each.periods(row_of)
    ]
    return VersionPeriods(*np.array(periods, dtype=np.int64).reshape(-1, 4).T)


class _Collected:
    """Rows of one event type picked out of a lane's batches."""

    def __init__(self, feature_set: FeatureSet, *, group_by: str, on_disk: bool) -> None:
        self._event_type, self._group_by = feature_set.event_type, group_by
        self._codes: dict[str, int] = {}
        self._X = (MatrixFile if on_disk else _Rows)(len(feature_set.names))
        self._times, self._positions, self._groups = [_NONE], [_NONE], [_NONE]

    def add(self, part: LaneBatch, folded: Slices) -> None:
        """Keeps the rows of the type's events."""
        places, table = part.events.get(self._event_type, (_NONE, None))
        is_event = part.is_event[places]
        rows = places[is_event]
        chosen = np.zeros(part.batch.n, dtype=bool)
        chosen[rows] = True
        for piece, vectors in folded:
            self._X.add(vectors[chosen[piece]])
        if len(rows):
            self._times.append(part.batch.times[rows])
            self._positions.append(part.versions[rows])
            self._groups.append(self._groups_of(coded(table[self._group_by].filter(pa.array(is_event)))))

    def columns(self) -> dict[str, np.ndarray]:
        return {
            "X": self._X.all(),
            "occurred_at": np.concatenate(self._times),
            "positions": np.concatenate(self._positions),
            "groups": np.concatenate(self._groups),
        }

    def _groups_of(self, column: KeyColumn) -> np.ndarray:
        """Codes in order of appearance over all batches; events without the entity share one."""
        names = [*column.uniques, ""]
        seen = dict.fromkeys(column.codes.tolist())
        table = np.zeros(len(names), dtype=np.int64)
        for code in seen:
            table[code] = self._codes.setdefault(names[code], len(self._codes))
        return table[column.codes]


class _Rows:
    """A float32 matrix that grows in place, because a copy would double the memory."""

    def __init__(self, columns: int) -> None:
        self._matrix = np.empty((0, columns), dtype=np.float32)
        self._count = 0

    def add(self, rows: np.ndarray) -> None:
        needed = self._count + len(rows)
        if needed > len(self._matrix):
            self._resize(max(needed, len(self._matrix) + len(self._matrix) // 8))
        self._matrix[self._count : needed] = rows
        self._count = needed

    def all(self) -> np.ndarray:
        self._resize(self._count)
        return self._matrix

    def _resize(self, rows: int) -> None:
        # Nothing else references the matrix before `all`, so the allocator may remap its pages without a
        # copy.
        self._matrix.resize((rows, self._matrix.shape[1]), refcheck=False)
