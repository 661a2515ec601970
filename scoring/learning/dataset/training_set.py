"""The point-in-time join: vectors as of each decision, labels as known at the cut-off."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from scoring.learning.dataset.matrix_files import copy_rows, is_on_disk
from scoring.learning.dataset.outliers import NO_OUTLIERS, Outliers, find_outliers
from scoring.learning.dataset.selection import (
    MAX_WEIGHT,
    SelectionHistory,
    Texts,
    UnknownBlocks,
    Weights,
    weights_or_none,
)
from scoring.timestamps import to_micros

UNLABELED = -1
NO_TIME = -1


def _none() -> NDArray[np.int64]:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class VersionPeriods:
    """The rows of corrected or retracted events, each with its validity period.

    `rows` int64[k] of the vector table; `events` int64[k] log positions of their receipts; valid in
    [`since`, `until`), int64[k], microseconds since 1970.
    """

    rows: NDArray[np.int64] = field(default_factory=_none)
    events: NDArray[np.int64] = field(default_factory=_none)
    since: NDArray[np.int64] = field(default_factory=_none)
    until: NDArray[np.int64] = field(default_factory=_none)


@dataclass(frozen=True)
class VectorTable:
    """Every event of a type in lane order with the vector it had when it was sequenced.

    X float32[n, F] in set order; `occurred_at` int64[n], microseconds since 1970; `positions` int64[n], the
    events' log positions; `groups` int64[n] codes of the type's first entity (the unit of resampling).
    A correction has a row and a position of its own; `periods` says when each row of an event was valid.
    `texts`: of the fields from which models fill in features; these features are NaN in X.
    """

    event_type: str
    feature_names: tuple[str, ...]
    feature_set: str
    X: NDArray[np.float32]
    occurred_at: NDArray[np.int64]
    positions: NDArray[np.int64]
    groups: NDArray[np.int64]
    vocabularies: dict[str, tuple[str, ...]]
    periods: VersionPeriods = field(default_factory=VersionPeriods)
    texts: Texts = field(default_factory=dict)

    def held_at(self, moment: datetime) -> NDArray[np.bool_]:
        """bool[n]: the rows valid at a moment; a retracted event has none."""
        return self._held(np.full(len(self.periods.rows), to_micros(moment)))

    def held_before_labels(self, moment: datetime, labeled_at: NDArray[np.int64]) -> NDArray[np.bool_]:
        """bool[n]: of each event that is valid at `moment`, the row valid when its label became known.

        `labeled_at` int64[n], microseconds; NO_TIME without a label, and then the row valid at `moment`. A
        correction made after the label may know what the label says, so its vector is none to learn from.
        """
        periods, at = self.periods, to_micros(moment)
        of_label = labeled_at[periods.rows]
        held = self._held(np.where(of_label == NO_TIME, at, np.minimum(of_label, at)))
        present = self.held_at(moment)[periods.rows]
        held[periods.rows] &= np.isin(periods.events, periods.events[present])
        return held

    def _held(self, at: NDArray[np.int64]) -> NDArray[np.bool_]:
        held = np.ones(len(self.positions), dtype=bool)
        held[self.periods.rows] = (self.periods.since <= at) & (at < self.periods.until)
        return held

    @property
    def read_at(self) -> NDArray[np.int64]:
        """int64[n], microseconds: as of when each row's features were read, for a correction its own time."""
        read_at = self.occurred_at.copy()
        read_at[self.periods.rows] = np.maximum(read_at[self.periods.rows], self.periods.since)
        return read_at

    @property
    def first_occurred_at(self) -> NDArray[np.int64]:
        """int64[n], microseconds: the earliest time that any version of each row's event states."""
        occurred_at, periods = self.occurred_at.copy(), self.periods
        event = np.unique(periods.events, return_inverse=True)[1]
        earliest = np.full(len(event), np.iinfo(np.int64).max)
        np.minimum.at(earliest, event, occurred_at[periods.rows])
        occurred_at[periods.rows] = earliest[event]
        return occurred_at

    @property
    def events(self) -> NDArray[np.int64]:
        """int64[n]: the log position of the receipt of each row's event."""
        events = self.positions.copy()
        events[self.periods.rows] = self.periods.events
        return events


@dataclass(frozen=True)
class LabelHistory:
    """The labels recorded for those events, in recorded order.

    `rows` int64[k] rows of the vector table; `known_at` int64[k], microseconds; `effective` int8[k], the
    label from then on: 1 positive, 0 negative, -1 none (retracted). `policies`: for each policy int8[k],
    likewise; -1 also where a positive label names no policies.
    """

    rows: NDArray[np.int64]
    known_at: NDArray[np.int64]
    effective: NDArray[np.int8]
    policies: Mapping[str, NDArray[np.int8]] = field(default_factory=dict)

    def as_of(self, moment: datetime, *, count: int) -> NDArray[np.int8]:
        """int8[count]: every row's label as known at `moment`; -1 for none."""
        return self._state(self.effective, moment, count=count)

    def policies_as_of(self, moment: datetime, *, count: int) -> dict[str, NDArray[np.int8]]:
        """For each policy int8[count]: whether every row was known to break it at `moment`; -1 if unknown."""
        return {name: self._state(broken, moment, count=count) for name, broken in self.policies.items()}

    def first_known(self, moment: datetime, *, count: int) -> NDArray[np.int64]:
        """int64[count], microseconds: when the first label of every row became known, NO_TIME for none."""
        return self._times(slice(None, None, -1), moment, count=count)

    def last_known(self, moment: datetime, *, count: int) -> NDArray[np.int64]:
        """int64[count]: when the label as of `moment` became known, NO_TIME for none."""
        return self._times(slice(None), moment, count=count)

    def _times(self, order: slice, moment: datetime, *, count: int) -> NDArray[np.int64]:
        known = self.known_at <= to_micros(moment)
        times = np.full(count, NO_TIME, dtype=np.int64)
        times[self.rows[known][order]] = self.known_at[known][order]  # the last one of repeated rows wins
        return times

    def _state(self, stated: NDArray[np.int8], moment: datetime, *, count: int) -> NDArray[np.int8]:
        known = self.known_at <= to_micros(moment)
        state = np.full(count, UNLABELED, dtype=np.int8)
        state[self.rows[known]] = stated[known]  # the last one of repeated rows wins
        return state


@dataclass(frozen=True)
class RowTimes:
    """When the features and labels of n rows became known: int64[n] each, microseconds since 1970.

    `read_at`: as of when the features were read. `first_labeled_at`: when the first label became known;
    `labeled_at`: when the one that counts did; NO_TIME for none.
    """

    read_at: NDArray[np.int64]
    first_labeled_at: NDArray[np.int64]
    labeled_at: NDArray[np.int64]

    def take(self, rows: NDArray) -> "RowTimes":
        """Those of some rows."""
        return RowTimes(self.read_at[rows], self.first_labeled_at[rows], self.labeled_at[rows])


@dataclass(frozen=True)
class TrainingSet:
    """Mature events with their labels; `inferred` marks inferred negatives (mature, but without a label).

    `outliers`: the events excluded because of their time; `unknown`: those excluded because they were blocked
    and have no label. `weights`: how often each event counts, 1 / propensity of events that exploration let
    through, at most MAX_WEIGHT; None if each counts once. `clipped`: how many would count more. `texts`: see
    VectorTable. `policies`: for each policy int8[n], 1 if it is broken, 0 if not, -1 if unknown, where a
    positive label does not say which. `times`: when features and labels became known, None for a set that was
    not joined from a log.
    """

    event_type: str
    feature_names: tuple[str, ...]
    feature_set: str
    X: NDArray[np.float32]
    y: NDArray[np.int8]
    occurred_at: NDArray[np.int64]
    positions: NDArray[np.int64]
    groups: NDArray[np.int64]
    inferred: NDArray[np.bool_]
    as_of: datetime
    vocabularies: dict[str, tuple[str, ...]]
    outliers: Outliers = NO_OUTLIERS
    weights: Weights | None = None
    clipped: int = 0
    unknown: UnknownBlocks | None = None
    texts: Texts = field(default_factory=dict)
    policies: Mapping[str, NDArray[np.int8]] = field(default_factory=dict)
    times: RowTimes | None = None

    @property
    def explored(self) -> int:
        """The number of events that count more than once."""
        return 0 if self.weights is None else int((self.weights > 1).sum())

    def weights_of(self, rows: NDArray) -> Weights | None:
        """The weights of these rows; None if each counts once."""
        return None if self.weights is None else weights_or_none(self.weights[rows])

    def unknown_during(self, rows: NDArray) -> UnknownBlocks | None:
        """The unknown blocks of the time that these rows cover; None if there are none."""
        found = self.unknown.during(self.occurred_at[rows]) if self.unknown else None
        return found or None

    def take(self, rows: NDArray) -> "TrainingSet":
        """The same set with these rows only."""
        if len(rows) == len(self.y) and np.array_equal(rows, np.arange(len(rows))):
            return self  # X may take most of the memory
        columns = ("y", "occurred_at", "positions", "groups", "inferred")
        taken = {name: getattr(self, name)[rows] for name in columns}
        taken["X"] = select_rows(self.X, rows) if is_on_disk(self.X) else self.X[rows]
        return replace(
            self,
            **taken,
            weights=self.weights_of(rows),
            unknown=self.unknown_during(rows),
            texts={name: column[rows] for name, column in self.texts.items()},
            policies={name: column[rows] for name, column in self.policies.items()},
            times=self.times and self.times.take(rows),
        )


def select_rows(X: NDArray[np.float32], rows: NDArray) -> NDArray[np.float32]:
    """Rows of a matrix; a view if they are consecutive, because X may take most of the memory.

    Other rows of a matrix on disk are copied there.

    >>> select_rows(np.eye(3, dtype=np.float32), np.array([1, 2])).base is not None
    True
    """
    if len(rows) and bool((np.diff(rows) == 1).all()):
        return X[rows[0] : rows[-1] + 1]
    return copy_rows(X, rows) if is_on_disk(X) else X[rows]


def join_labels(
    *,
    vectors: VectorTable,
    labels: LabelHistory,
    as_of: datetime,
    matures_after: timedelta,
    since: datetime | None = None,
    until: datetime | None = None,
    selection: SelectionHistory | None = None,
) -> TrainingSet:
    """The events in [since, until) that were mature at `as_of`, with their labels as known then.

    Events younger than `matures_after` are excluded whatever their label, because fraud is labeled sooner.
    Corrections made by `as_of` and before the event's first label apply, and retractions made by `as_of`.
    With a `selection`, blocked events without a label are unknown instead of inferred negatives, and explored
    events have their weights.
    """
    count = len(vectors.occurred_at)
    state = labels.as_of(as_of, count=count)
    blocked, weights = (selection or SelectionHistory()).as_of(as_of, count=count)
    times = RowTimes(
        vectors.read_at,
        labels.first_known(as_of, count=count),
        labels.last_known(as_of, count=count),
    )
    chosen = vectors.held_before_labels(as_of, times.first_labeled_at)
    chosen &= _within(vectors.occurred_at, since=since, until=until, last=as_of - matures_after)
    is_unknown = chosen & blocked & (state == UNLABELED)
    rows, unknown = np.flatnonzero(chosen & ~is_unknown), np.flatnonzero(is_unknown)
    return TrainingSet(
        event_type=vectors.event_type,
        feature_names=vectors.feature_names,
        feature_set=vectors.feature_set,
        X=select_rows(vectors.X, rows),
        y=(state[rows] == 1).astype(np.int8),
        occurred_at=vectors.occurred_at[rows],
        positions=vectors.positions[rows],
        groups=vectors.groups[rows],
        inferred=state[rows] == UNLABELED,
        as_of=as_of,
        vocabularies=vectors.vocabularies,
        weights=weights_or_none(np.minimum(weights[rows], MAX_WEIGHT)),
        clipped=int((weights[rows] > MAX_WEIGHT).sum()),
        unknown=_unknown_blocks(vectors, unknown) if len(unknown) else None,
        texts={name: column[rows] for name, column in vectors.texts.items()},
        policies=_policies(labels.policies_as_of(as_of, count=count), state=state, rows=rows),
        times=times.take(rows),
    )


def _within(
    moments: NDArray[np.int64], *, since: datetime | None, until: datetime | None, last: datetime
) -> NDArray[np.bool_]:
    """bool[n]: the moments in [since, until), None for no bound, that are not after `last`."""
    found = moments <= to_micros(last)
    if since is not None:
        found &= moments >= to_micros(since)
    if until is not None:
        found &= moments < to_micros(until)
    return found


def _unknown_blocks(vectors: VectorTable, rows: NDArray[np.intp]) -> UnknownBlocks:
    texts = {name: column[rows] for name, column in vectors.texts.items()}
    return UnknownBlocks(vectors.X[rows], vectors.occurred_at[rows], texts)


def _policies(
    stated: Mapping[str, NDArray[np.int8]], *, state: NDArray[np.int8], rows: NDArray[np.intp]
) -> dict[str, NDArray[np.int8]]:
    """An inferred negative breaks no policy."""
    return {
        name: np.where(state[rows] == UNLABELED, 0, broken[rows]).astype(np.int8)
        for name, broken in stated.items()
    }


def known_before(
    vectors: VectorTable, labels: LabelHistory, test: TrainingSet, *, at: datetime
) -> NDArray[np.bool_]:
    """bool[m]: the test's events whose first entity had a positive label that was known at the time."""
    state = labels.as_of(at, count=len(vectors.occurred_at))
    return np.isin(test.groups, vectors.groups[state == 1])


def without_outliers(data: TrainingSet) -> TrainingSet:
    """The set without outliers in time."""
    kept, outliers = find_outliers(data.occurred_at)
    return replace(data.take(np.flatnonzero(kept)), outliers=outliers)
