"""Projections: tables folded from the log, on each append and again by `manage.py rebuild`.

Two kinds, both pure functions of entries. A row projection maps an entry to one row; a state projection folds
an entry into the row of its key (a small table, updated in place). A row of the first kind is inserted once
and changes only where another type of entry amends it, which is rare.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, models

from scoring.log.entries import Entry
from scoring.sql.bulk_tables import BulkTable, Row, copy_rows, select_states, upsert_rows

RowOf = Callable[[Entry], Row | None]
KeyOf = Callable[[Entry], Any]
Fold = Callable[[Row | None, Entry], Row]
Amend = Callable[[Row, Entry], Row]


@dataclass(slots=True)
class RowProjection:
    """A table with at most one row for each entry of some types; entries of other types may amend a row."""

    table: BulkTable
    row_of: dict[str, RowOf] = field(default_factory=dict)
    amend_of: dict[str, tuple[KeyOf, Amend]] = field(default_factory=dict)

    @property
    def types(self) -> frozenset[str]:
        return frozenset(self.row_of) | frozenset(self.amend_of)

    def keys(self, entries: Iterable[Entry]) -> set[Any]:
        """The keys of the rows that `entries` amend."""
        return {self.amend_of[entry.type][0](entry) for entry in entries if entry.type in self.amend_of}

    def fold(self, rows: dict[Any, Row], entries: Iterable[Entry]) -> dict[Any, Row]:
        """Amend `rows`, which are by key, with `entries` in order; changes and returns `rows`."""
        for entry in entries:
            if entry.type in self.amend_of:
                key_of, amend = self.amend_of[entry.type]
                key = key_of(entry)
                rows[key] = amend(rows[key], entry)
        return rows

    def rows(self, entries: Iterable[Entry]) -> list[Row]:
        projected = (self.row_of[entry.type](entry) for entry in entries if entry.type in self.row_of)
        return [row for row in projected if row is not None]


@dataclass(slots=True)
class StateProjection:
    """A table of states: each entry of its types is folded into the row of its key."""

    table: BulkTable
    key_of: KeyOf
    folds: dict[str, Fold] = field(default_factory=dict)

    @property
    def types(self) -> frozenset[str]:
        return frozenset(self.folds)

    def keys(self, entries: Iterable[Entry]) -> set[Any]:
        return {self.key_of(entry) for entry in entries if entry.type in self.folds}

    def fold(self, states: dict[Any, Row], entries: Iterable[Entry]) -> dict[Any, Row]:
        """Fold `entries` in order into `states`, which are by key; changes and returns `states`."""
        for entry in entries:
            if entry.type in self.folds:
                key = self.key_of(entry)
                states[key] = self.folds[entry.type](states.get(key), entry)
        return states


Projection = RowProjection | StateProjection

_projections: dict[str, Projection] = {}
_by_type: dict[str, list[Projection]] = defaultdict(list)


def project(entry_type: str, model: type[models.Model]) -> Callable[[RowOf], RowOf]:
    """Register a pure function from an entry of `entry_type` to a row of `model`, or None."""

    def register(row_of: RowOf) -> RowOf:
        projection = _projections.setdefault(model._meta.db_table, RowProjection(BulkTable.of(model)))
        if not isinstance(projection, RowProjection) or entry_type in projection.row_of:
            raise ValueError(f"{model.__name__} already has another projection of {entry_type}")
        projection.row_of[entry_type] = row_of
        _by_type[entry_type].append(projection)
        return row_of

    return register


def amend(entry_type: str, model: type[models.Model], *, key: KeyOf) -> Callable[[Amend], Amend]:
    """Register a pure function `(row, entry) -> row`: how `entry_type` amends a row of `model`."""

    def register(change: Amend) -> Amend:
        projection = _projections.setdefault(model._meta.db_table, RowProjection(BulkTable.of(model)))
        if not isinstance(projection, RowProjection) or entry_type in projection.types:
            raise ValueError(f"{model.__name__} already has another projection of {entry_type}")
        projection.amend_of[entry_type] = (key, change)
        _by_type[entry_type].append(projection)
        return change

    return register


def fold_into(entry_type: str, model: type[models.Model], *, key: KeyOf) -> Callable[[Fold], Fold]:
    """Register a pure function `(row or None, entry) -> row` for `entry_type` and the row of `key(entry)`."""

    def register(fold: Fold) -> Fold:
        projection = _projections.setdefault(model._meta.db_table, StateProjection(BulkTable.of(model), key))
        if not isinstance(projection, StateProjection) or entry_type in projection.folds:
            raise ValueError(f"{model.__name__} already has another projection of {entry_type}")
        projection.folds[entry_type] = fold
        _by_type[entry_type].append(projection)
        return fold

    return register


def registered() -> Iterator[Projection]:
    """Every projection, by table name."""
    return (_projections[name] for name in sorted(_projections))


def row_projections(types: Set[str]) -> list[RowProjection]:
    """The row projections that make rows of these entry types."""
    return [
        projection
        for projection in _touched(types)
        if isinstance(projection, RowProjection) and not types.isdisjoint(projection.row_of)
    ]


def changes_existing_rows(types: Set[str]) -> bool:
    """Whether entries of these types change existing rows."""
    return any(_changes_rows(projection, types) for projection in _touched(types))


def copy_into_tables(entries: Sequence[Entry]) -> None:
    """Write the rows of `entries` by COPY, and fold them into states and rows that they amend."""
    for projection in row_projections({entry.type for entry in entries}):
        if rows := projection.rows(entries):
            copy_rows(connection, projection.table, rows)
    fold_into_states(entries)


def fold_into_states(entries: Sequence[Entry]) -> None:
    """Fold `entries` into the states they change and the rows they amend."""
    types = {entry.type for entry in entries}
    for projection in _touched(types):
        if _changes_rows(projection, types):
            write_changes(projection, entries)


def write_changes(projection: Projection, entries: Sequence[Entry]) -> None:
    """Read the rows that `entries` change, fold the entries in and write the rows back."""
    rows = select_states(connection, projection.table, projection.keys(entries))
    if changed := projection.fold(rows, entries):
        upsert_rows(connection, projection.table, list(changed.values()))


def _changes_rows(projection: Projection, types: Set[str]) -> bool:
    if isinstance(projection, RowProjection):
        return not types.isdisjoint(projection.amend_of)
    return True


def _touched(types: Set[str]) -> list[Projection]:
    return list({id(p): p for entry_type in types for p in _by_type.get(entry_type, ())}.values())
