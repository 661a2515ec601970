"""Batch views: values of entities computed ahead of time on a schedule, from long periods of events.

A view is declared in an event type's body and read like a field: `customer_profile.median_amount`. What is
common to all of them is here; the kinds are `scoring.batch.compute.profile`, `embedding` and `trend`.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity, Field
from scoring.declare import BatchValue, FeatureView, InRole, NamedField, Origin, Window, part_of_vocabulary
from scoring.declare.errors import UnknownBatchValue
from scoring.features.folding.encode import KeyColumn

part_of_vocabulary(__name__)

Matrix = NDArray[np.float64]
Places = NDArray[np.int64]
# Part of every definition: increased when the same declaration gives different values.
MEANING = 1
_MOMENTS_KEPT = 3  # the last of one batch of a lane are the first of the next
_MAX_THREADS = 8  # each holds the tables of a moment, which may be large


@dataclass(frozen=True, slots=True)
class BatchTableSpec:
    """One table of a view: a row of `columns` for every entity named by the event's `field`.

    `unserved`: further columns of the stored file, which no event reads.
    """

    field: str
    columns: tuple[str, ...]
    unserved: tuple[str, ...] = ()

    @property
    def stored(self) -> tuple[str, ...]:
        """The columns of the file, the served ones first."""
        return self.columns + self.unserved


@dataclass(frozen=True, slots=True)
class BatchTable:
    """Entities and their values: `keys` ascending, `matrix` float64[keys, stored columns]."""

    keys: list[str]
    matrix: Matrix


@dataclass(frozen=True, slots=True)
class ViewEvents:
    """n events by time, those at the same time by log position.

    `times` int64[n] microseconds since 1970; `names`: per entity or category its values; `numbers`: per
    amount (minor units of the base currency), number or flag float64[n], NaN where missing.
    """

    times: NDArray[np.int64]
    names: Mapping[str, KeyColumn] = field(default_factory=dict)
    numbers: Mapping[str, Matrix] = field(default_factory=dict)

    def slice_of(self, since_us: int, until_us: int) -> slice:
        """The events of [since, until)."""
        first, last = np.searchsorted(self.times, [since_us, until_us]).tolist()
        return slice(first, last)


class Computation:
    """A view's values at any moment, from events sorted once; used by scheduled runs and for history.

    `keys`: per table the entities, ascending, that any of the events names; `widths`: per table its columns.
    """

    def __init__(self, keys: Sequence[list[str]], widths: Sequence[int]) -> None:
        self.keys, self.widths = tuple(keys), tuple(widths)
        self._recent: OrderedDict[int, tuple[Matrix, ...]] = OrderedDict()

    def at(self, as_of_us: int) -> tuple[Matrix, ...]:
        """Per table float64[keys, columns] from the events before `as_of_us`; NaN for entities without."""
        raise NotImplementedError

    def look_up(
        self, places: Sequence[Places], as_of_us: NDArray[np.int64], *, threads: int = 1
    ) -> list[Matrix]:
        """Per table float64[n, columns]: the rows of `places` (int64[n] into `keys`; -1: NaN) as of then.

        Each moment is computed once, several at a time by as many `threads`, and the last few are cached, so
        that nearby moments cost little.
        """
        found = [np.full((len(as_of_us), width), np.nan) for width in self.widths]
        by_moment = dict(_by_moment(as_of_us))
        for moment, tables in self._at_each(list(by_moment), threads=min(threads, _MAX_THREADS)):
            rows = by_moment[moment]
            for out, matrix, place in zip(found, tables, places, strict=True):
                known = rows[place[rows] >= 0]
                out[known] = matrix[place[known]]
        return found

    def _at_each(self, moments: Sequence[int], *, threads: int) -> Iterator[tuple[int, tuple[Matrix, ...]]]:
        """Each moment with its tables, of which the last few stay in memory."""
        with ThreadPoolExecutor(threads) as pool:
            for start in range(0, len(moments), threads):
                part = moments[start : start + threads]
                new = [moment for moment in part if moment not in self._recent]
                self._recent |= zip(new, pool.map(self.at, new), strict=True)
                yield from ((moment, self._recent[moment]) for moment in part)
                while len(self._recent) > _MOMENTS_KEPT:
                    self._recent.popitem(last=False)


def _by_moment(moments: NDArray[np.int64]) -> Iterator[tuple[int, Places]]:
    """Each moment, ascending, with the rows that have it."""
    order = np.argsort(moments, kind="stable")
    distinct, firsts = np.unique(moments[order], return_index=True)
    if len(distinct):
        yield from zip(distinct.tolist(), np.split(order, firsts[1:]), strict=True)


class BatchView(FeatureView):
    """The base of every kind of view. `every`: a version is due at each multiple of it since 1970 (UTC).

    A version covers the events in the `over` before its `as_of`, and is read until it is `stale_after` old.
    `of`: the event type it is computed from, in the same lane; by default its own.
    """

    kind: ClassVar[str]
    # Whether its values at a past time can be computed from the events before it.
    has_history: ClassVar[bool] = True
    entities: tuple[Entity, ...]

    def __init__(
        self, *entities: Entity | InRole, over: str, every: str, stale_after: str, of: str = ""
    ) -> None:
        self.origin = Origin.here()
        self.name = ""
        self.event_type = ""
        self.of = of
        self.entities, self._roles = _entities_of(entities, type(self).__name__, self.origin)
        self.over, self.every, self.stale_after = (
            Window.parse(text, self.origin) for text in (over, every, stale_after)
        )
        self._check_multiple(self.over)
        if self.stale_after.us < self.every.us:
            raise self.origin.error(
                f"stale_after {self.stale_after.label} is shorter than every {self.every.label}:"
                " no version would last until the next"
            )

    def _check_multiple(self, window: Window) -> None:
        if window.us % self.every.us:
            raise self.origin.error(f"window {window.label} is not a multiple of every {self.every.label}")

    def __set_name__(self, owner: type, name: str) -> None:
        if self.name:
            raise self.origin.error(f"{name!r} is a second name for the view {self.name!r}; keep one")
        self.name, self.event_type = name, getattr(owner, "name", "")

    def __getattr__(self, value: str) -> BatchValue:
        if value.startswith("_") or value == "values":
            raise AttributeError(value)
        if value not in self.values:
            origin, whose = Origin.here(), self._whose()
            raise UnknownBatchValue(
                f"a {type(self).__name__} of {whose} has no {value!r}: {', '.join(self.values)}",
                module=origin.module,
                line=origin.line,
            )
        return BatchValue(self, value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def _whose(self) -> str:
        return " and ".join(entity.name or "an entity" for entity in self.entities)

    # What it is

    values: tuple[str, ...]

    @property
    def names_of_entities(self) -> tuple[str, ...]:
        """The name of each entity's column in the view's events.

        An entity in another role has a separate name, because a field of its own name may be read too.
        """
        named = zip(self.entities, self.roles, strict=True)
        return tuple(f"{entity.name} as {role}" if role else entity.name for entity, role in named)

    @property
    def roles(self) -> tuple[str, ...]:
        """The source field to match each entity with; "" without `as_()`."""
        return tuple(role if isinstance(role, str) else role.name for role in self._roles)

    @property
    def key(self) -> str:
        """Its name outside its event type."""
        return f"{self.event_type}.{self.name}"

    @property
    def every_us(self) -> int:
        return self.every.us

    @property
    def over_us(self) -> int:
        """The length of its window in microseconds."""
        return self.over.us

    @property
    def stale_after_us(self) -> int:
        return self.stale_after.us

    @property
    def source(self) -> str:
        """The event type it is computed from."""
        return self.of or self.event_type

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields that it reads besides entities."""
        return ()

    @property
    def tables(self) -> tuple[BatchTableSpec, ...]:
        raise NotImplementedError

    @property
    def definition(self) -> dict[str, Any]:
        """Everything that determines its values, as plain JSON."""
        roles = {"roles": self.roles} if any(self.roles) else {}
        return {
            "meaning": MEANING,
            "kind": self.kind,
            "source": self.source,
            "entities": [entity.name for entity in self.entities],
            "over_us": self.over.us,
            "every_us": self.every.us,
            "stale_after_us": self.stale_after.us,
            **roles,
        }

    @property
    def definition_hash(self) -> str:
        """SHA-256 of the definition."""
        text = json.dumps(self.definition, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def unit(self, value: str) -> str:
        """The unit of a value; see `FeatureSpec.unit`."""
        raise NotImplementedError

    def phrase(self, value: str, *, events: str) -> str:
        """The description of a value; `events`: that of the counted events ("payments by this customer")."""
        raise NotImplementedError

    def check(self, types: Mapping[str, type[EventType]]) -> None:
        """Raises CatalogError if the event types lack something that the view reads."""
        own = types.get(self.event_type)
        if own is None:
            raise self.origin.error(f"view {self.name!r} is not part of an event type with a name")
        source = types.get(self.source)
        if source is None or source.lane != own.lane:
            known = ", ".join(sorted(name for name, member in types.items() if member.lane == own.lane))
            raise self.origin.error(f"of={self.of!r} is not an event type of lane {own.lane}: {known}")
        for entity in self.entities:
            _check_field(self, own, entity)
            self.source_field(source, entity)
        for read in self.fields:
            _check_field(self, source, read)

    def source_field(self, source: type[EventType], entity: Entity) -> str:
        """The field of the source's events that identifies the same as `entity`. Raises CatalogError."""
        role = self.roles[next(at for at, own in enumerate(self.entities) if own is entity)]
        found = [
            name
            for name, declared in source.fields.items()
            if isinstance(declared, Entity) and declared.kind == entity.kind and role in ("", name)
        ]
        if not role and source.fields.get(entity.name) is entity:
            return entity.name
        if not found:
            raise self.origin.error(f"{source.name} has no entity {role or entity.kind!r}")
        if len(found) > 1:
            raise self.origin.error(
                f"{source.name} has several fields of kind {entity.kind!r}: {', '.join(found)}; say which one"
                f' is meant: {entity.name}.as_("{found[0]}")'
            )
        return found[0]

    # Computing it

    def prepare(self, events: ViewEvents) -> Computation:
        """Sort the events once to compute values at any moment."""
        raise NotImplementedError

    def compute(self, events: ViewEvents, *, as_of_us: int) -> tuple[BatchTable, ...]:
        """A table for each of `tables`, from the events before `as_of_us`, of the entities with values."""
        computation = self.prepare(events)
        tables = []
        for keys, matrix in zip(computation.keys, computation.at(as_of_us), strict=True):
            known = np.flatnonzero(~np.isnan(matrix).all(axis=1))
            tables.append(BatchTable([keys[row] for row in known.tolist()], matrix[known]))
        return tuple(tables)

    def combine(self, rows: Sequence[Matrix]) -> Matrix:
        """float64[n, values] from a float64[n, columns] per table; NaN rows for entities without values.

        The same bits for one row as for many.
        """
        return rows[0]


def _entities_of(
    given: Sequence[object], view: str, origin: Origin
) -> tuple[tuple[Entity, ...], tuple[NamedField | str, ...]]:
    """The entities that a view is kept for, and as what each is looked for ("" without `as_()`)."""
    entities: list[Entity] = []
    roles: list[NamedField | str] = []
    for each in given:
        entity, role = (each.keys()[0], each.role()[0]) if isinstance(each, InRole) else (each, "")
        if not isinstance(entity, Entity):
            raise origin.error(f"{view} has values for entities; {entity!r} is not an entity")
        if entity in entities and any([role, *roles]):
            raise origin.error(f"{view} names {entity.name or 'an entity'} twice")
        entities.append(entity)
        roles.append(role)
    return tuple(entities), tuple(roles)


def due_at(view: BatchView, now_us: int) -> int:
    """The moment of the version that is the newest possible at `now_us`."""
    return now_us // view.every_us * view.every_us


def ranked(column: KeyColumn) -> tuple[list[str], Places]:
    """(the names ascending, per event an index into them; -1 where missing)."""
    names = np.array(column.uniques, dtype=object)
    order = np.argsort(names, kind="stable") if len(names) else np.empty(0, dtype=np.int64)
    ranks = np.full(len(names) + 1, -1, dtype=np.int64)
    ranks[order] = np.arange(len(names))
    return names[order].tolist(), ranks[column.codes]


def places_of(column: KeyColumn, known: Mapping[str, int]) -> Places:
    """int64[n]: of each name its place, -1 where it is missing or not among the known."""
    places = np.array([*(known.get(name, -1) for name in column.uniques), -1], dtype=np.int64)
    return places[column.codes]


def _check_field(view: BatchView, member: type[EventType], read: Field) -> None:
    if type(member.fields.get(read.name)) is not type(read):
        known = ", ".join(repr(declared) for declared in member.fields.values())
        raise view.origin.error(f"{member.name} has no field {read!r}: {known}")
