"""The layout of entity states: collected from all declarations of a lane, in 64-bit words.

A record is a header (lane seq, latest applied event time, first seen, late counter), then rings of tiles,
then single words, points and maps. The order depends on the contents, not on the order of declaration.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain, combinations, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity
from scoring.catalog.time_zones import Clock
from scoring.declare import Condition, Origin
from scoring.features import opcodes as op
from scoring.features.compile.clocks import clock_for
from scoring.features.compile.condition_tests import FieldTest, lower_condition, reads_the_clock

Kind = tuple[str, ...]

_CLEARED_TO_NAN = ("min", "max")


class RingColumn(NamedTuple):
    """One column of a ring. `measure`: "count", "sum", "square", "known", "min", "max" or "positive".

    `where`: the canonical text of the condition that counted events fulfill; empty for all events. `role`:
    their fields that name the entity, if other fields of theirs could.
    """

    measure: str
    event_type: str
    field: str = ""
    where: str = ""
    role: Kind = ()


class StatePart(NamedTuple):
    """One part besides the rings; see `_WORDS`. `size`: a map's cap, a session's gap in microseconds.

    `role` as in `RingColumn`.
    """

    what: str
    event_type: str
    fields: tuple[str, ...] = ()
    where: str = ""
    size: int = 0
    role: Kind = ()

    def words(self) -> int:
        return 2 + 2 * self.size if self.what == "map" else _WORDS[self.what]

    def times(self) -> tuple[int, ...]:
        """Which of its words are times, initially NEVER."""
        return {"map": (1,), "session": (0, 1)}.get(self.what, (0,))


# last: a time. value, hash: a time, and a field's value at it. point: a time and two coordinates.
# session: the times of its first and last event, and its count or total.
# map: its size, the newest time it has dropped, then `cap` hashes and `cap` times.
_WORDS = {"last": 1, "value": 2, "hash": 2, "point": 3, "session": 3}


@dataclass
class KindNeeds:
    """What the declarations need from the states of one kind of entity."""

    tiles: dict[int, int] = field(default_factory=dict)  # tile width in us -> tiles to hold
    columns: dict[int, set[RingColumn]] = field(default_factory=dict)  # tile width -> columns
    parts: set[StatePart] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Ring:
    """Columns of `tiles` slots, one for every `width` microseconds; they advance together."""

    width: int
    tiles: int
    columns: Mapping[RingColumn, int]  # -> offset in the record


@dataclass(frozen=True, slots=True)
class KindLayout:
    kind: Kind
    words: int
    rings: tuple[Ring, ...]
    parts: Mapping[StatePart, int]  # -> offset in the record

    def description(self) -> list[object]:
        return [
            list(self.kind),
            self.words,
            [
                [ring.width, ring.tiles, [[*_described(column), at] for column, at in ring.columns.items()]]
                for ring in self.rings
            ],
            [[*_described(part), at] for part, at in self.parts.items()],
        ]

    def template(self) -> NDArray[np.int64]:
        """The initial state of an entity."""
        record = np.zeros(self.words, dtype=np.int64)
        record[op.LATEST] = record[op.FIRST] = op.NEVER
        floats = record.view(np.float64)
        for ring in self.rings:
            for column, at in ring.columns.items():
                if clears_to_nan(column):
                    floats[at : at + ring.tiles] = np.nan
        for part, at in self.parts.items():
            for offset in part.times():
                record[at + offset] = op.NEVER
        return record


def _described(held: RingColumn | StatePart) -> tuple[object, ...]:
    """A description without an empty role, so that layouts from before there were roles keep their id."""
    return tuple(held) if held.role else tuple(held)[:-1]


def clears_to_nan(column: RingColumn) -> bool:
    return column.measure in _CLEARED_TO_NAN


class StateNeeds:
    """Collects what states must hold while features are compiled."""

    def __init__(self, members: Mapping[str, type[EventType]]) -> None:
        self.members = members
        self.saturables: list[str] = []
        self.filters: dict[
            tuple[str, str], tuple[FieldTest, ...]
        ] = {}  # (event type, condition) -> its tests
        self._kinds: dict[Kind, KindNeeds] = {}

    def kind(self, kind: Kind) -> Kind:
        """Note that there are states of this kind."""
        self._kinds.setdefault(kind, KindNeeds())
        return kind

    def ring_column(self, kind: Kind, width: int, tiles: int, column: RingColumn) -> None:
        needs = self._kinds[kind]
        needs.tiles[width] = max(tiles, needs.tiles.get(width, 0))
        needs.columns.setdefault(width, set()).add(column)

    def part(self, kind: Kind, part: StatePart) -> None:
        self._kinds[kind].parts.add(part)

    def condition(self, counted: str, condition: Condition | None, origin: Origin, *, clock: Clock) -> str:
        """The canonical text under which events that fulfill a condition are counted. Raises CatalogError.

        It names the clock, unless that is UTC, of a condition that depends on the time of day or week.
        """
        if condition is None:
            return ""
        clock = clock_for(self.members[counted], clock)
        tests = lower_condition(self.members[counted], condition, origin, clock=clock)
        identity = clock.identity if reads_the_clock(tests) else ""
        text = f"{condition.definition} in {identity}" if identity else condition.definition
        self.filters[counted, text] = tests
        return text

    def layouts(self) -> tuple[KindLayout, ...]:
        return tuple(_lay_out(kind, self._kinds[kind]) for kind in sorted(self._kinds))

    def saturable(self, feature: str) -> int:
        """The index under which saturated reads of this feature are counted."""
        if feature not in self.saturables:
            self.saturables.append(feature)
        return self.saturables.index(feature)


def fields_of_kind(member: type[EventType], part: str) -> list[str]:
    """The fields of an event type with values of this kind, in order of declaration."""
    return [
        name
        for name, declared in member.fields.items()
        if isinstance(declared, (Entity, Category)) and declared.kind == part
    ]


def roles_of(member: type[EventType], kind: Kind) -> list[Kind]:
    """Each combination of an event type's fields that makes a key of this kind; none if it lacks a field.

    Two fields of one kind are two roles of an entity, and one pair, in order of declaration.
    """
    choices = [
        combinations(fields_of_kind(member, part), count) for part, count in sorted(Counter(kind).items())
    ]
    return [tuple(chain.from_iterable(chosen)) for chosen in product(*choices)]


def distinguishing_role(member: type[EventType], kind: Kind, role: Kind) -> Kind:
    """The role as states hold it: empty if there is only one."""
    return role if len(roles_of(member, kind)) > 1 else ()


def _lay_out(kind: Kind, needs: KindNeeds) -> KindLayout:
    at = op.HEADER
    rings = []
    for width in sorted(needs.columns):
        offsets = {}
        for column in sorted(needs.columns[width]):
            offsets[column] = at
            at += needs.tiles[width]
        rings.append(Ring(width, needs.tiles[width], offsets))
    parts = {}
    for part in sorted(needs.parts):
        parts[part] = at
        at += part.words()
    return KindLayout(kind, at, tuple(rings), parts)
