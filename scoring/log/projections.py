"""Projections: tables folded from the log, on each append and again by `manage.py rebuild`.

Two kinds, both pure functions of entries. A row projection maps an entry to rows, mostly to one; a state
projection folds an entry into the row of its key (a small table, updated in place). A row of the first kind
is inserted once and changes only where another type of entry amends it, which is rare.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import connection, models

from scoring.log.entries import Entry
from scoring.sql.bulk_tables import BulkTable, Row, copy_rows, select_states, upsert_rows

RowOf = Callable[[Entry], Row | None]
RowsOf = Callable[[Entry], Iterable[Row]]
KeysOf = Callable[[Entry], Iterable[Any]]
KeyOf = Callable[[Entry], Any]
Fold = Callable[[Row | None, Entry], Row]
Amend = Callable[[Row, Entry], Row]


@dataclass(slots=True)
class RowProjection:
    """A table with the rows that entries of some types make; entries of other types may amend rows.

    With `keyed_by_position` an entry makes at most one row, whose key is the entry's position; without, the
    rows have keys of their own.
    """

    table: BulkTable
    keyed_by_position: bool = True
    rows_of: dict[str, RowsOf] = field(default_factory=dict)
    amend_of: dict[str, tuple[KeysOf, Amend]] = field(default_factory=dict)

    @property
    def types(self) -> frozenset[str]:
        return frozenset(self.rows_of) | frozenset(self.amend_of)

    def keys(self, entries: Iterable[Entry]) -> set[Any]:
        """The keys of the rows that `entries` amend."""
        amending = (entry for entry in entries if entry.type in self.amend_of)
        return {key for entry in amending for key in self.amend_of[entry.type][0](entry)}

    def fold(self, rows: dict[Any, Row], entries: Iterable[Entry]) -> dict[Any, Row]:
        """Amend `rows`, which are by key, with `entries` in order; changes and returns `rows`."""
        for entry in entries:
            if entry.type in self.amend_of:
                keys_of, amend = self.amend_of[entry.type]
                for key in keys_of(entry):
                    rows[key] = amend(rows[key], entry)
        return rows

    def rows(self, entries: Iterable[Entry]) -> list[Row]:
        making = (entry for entry in entries if entry.type in self.rows_of)
        return [row for entry in making for row in self.rows_of[entry.type](entry)]


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
    """Register a pure function from an entry of `entry_type` to a row of `model`, or None.

    The key of the row is the entry's position.
    """

    def register(row_of: RowOf) -> RowOf:
        _add_rows(entry_type, model, partial(_one_row, row_of), keyed_by_position=True)
        return row_of

    return register


def project_each(entry_type: str, model: type[models.Model]) -> Callable[[RowsOf], RowsOf]:
    """Register a pure function from an entry of `entry_type` to rows of `model`, which have their own keys.

    The keys must derive from the entry's stream, version and data.
    """

    def register(rows_of: RowsOf) -> RowsOf:
        _add_rows(entry_type, model, rows_of, keyed_by_position=False)
        return rows_of

    return register


def amend(entry_type: str, model: type[models.Model], *, key: KeyOf) -> Callable[[Amend], Amend]:
    """Register a pure function `(row, entry) -> row`: how `entry_type` amends a row of `model`."""

    def register(change: Amend) -> Amend:
        _add_amendment(entry_type, model, lambda entry: (key(entry),), change)
        return change

    return register


def amend_each(entry_type: str, model: type[models.Model], *, keys: KeysOf) -> Callable[[Amend], Amend]:
    """Register a pure function `(row, entry) -> row`: how `entry_type` amends each row of `keys(entry)`."""

    def register(change: Amend) -> Amend:
        _add_amendment(entry_type, model, keys, change)
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


def _add_rows(
    entry_type: str, model: type[models.Model], rows_of: RowsOf, *, keyed_by_position: bool
) -> None:
    """Raises ValueError for a second projection of this type, or rows with keys of another kind."""
    projection = _row_projection(entry_type, model)
    if entry_type in projection.rows_of:
        raise _exists(entry_type, model)
    if projection.rows_of and projection.keyed_by_position != keyed_by_position:
        raise ValueError(f"{model.__name__} already has rows with keys of another kind")
    projection.keyed_by_position = keyed_by_position
    projection.rows_of[entry_type] = rows_of


def _add_amendment(entry_type: str, model: type[models.Model], keys: KeysOf, change: Amend) -> None:
    """Raises ValueError if entries of this type already amend the table."""
    projection = _row_projection(entry_type, model)
    if entry_type in projection.amend_of:
        raise _exists(entry_type, model)
    projection.amend_of[entry_type] = (keys, change)


def _row_projection(entry_type: str, model: type[models.Model]) -> RowProjection:
    """The row projection of `model`, from now on of `entry_type` too.

    Raises ValueError if the table has another kind of projection.
    """
    projection = _projections.setdefault(model._meta.db_table, RowProjection(BulkTable.of(model)))
    if not isinstance(projection, RowProjection):
        raise _exists(entry_type, model)
    _by_type[entry_type].append(projection)
    return projection


def _exists(entry_type: str, model: type[models.Model]) -> ValueError:
    return ValueError(f"{model.__name__} already has another projection of {entry_type}")


def _one_row(row_of: RowOf, entry: Entry) -> tuple[Row, ...]:
    row = row_of(entry)
    return () if row is None else (row,)


def registered() -> Iterator[Projection]:
    """Every projection, by table name."""
    return (_projections[name] for name in sorted(_projections))


def row_projections(types: Set[str]) -> list[RowProjection]:
    """The row projections that make rows of these entry types."""
    return [
        projection
        for projection in _touched(types)
        if isinstance(projection, RowProjection) and not types.isdisjoint(projection.rows_of)
    ]


def changes_existing_rows(types: Set[str]) -> bool:
    """Whether entries of these types change existing rows."""
    return any(_changes_rows(projection, types) for projection in _touched(types))


def replaces_rows(types: Set[str]) -> bool:
    """Whether entries of these types amend rows of a table and make new ones, which may take their place.

    One statement would insert the new rows first.
    """
    return any(not types.isdisjoint(projection.amend_of) for projection in row_projections(types))


def copy_into_tables(entries: Sequence[Entry]) -> None:
    """Write the rows of `entries` by COPY, and fold them into states and rows that they amend."""
    for projection in _touched({entry.type for entry in entries}):
        if isinstance(projection, RowProjection):
            copy_and_amend(projection, entries)
        else:
            write_changes(projection, entries)


def copy_and_amend(projection: RowProjection, entries: Sequence[Entry]) -> None:
    """Write the rows that `entries` make by COPY, and those of earlier entries that they amend.

    Rows are copied as the last of `entries` leaves them, after the earlier ones have changed: a row may take
    the place of one that these entries end, under a unique constraint of the table.
    """
    made = {row[projection.table.key]: row for row in projection.rows(entries)}
    earlier = projection.keys(entries) - made.keys()
    rows = select_states(connection, projection.table, earlier) if earlier else {}
    amended = projection.fold({**rows, **made}, entries)
    if earlier:
        upsert_rows(connection, projection.table, [amended[key] for key in rows])
    if made:
        copy_rows(connection, projection.table, [amended[key] for key in made])


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
