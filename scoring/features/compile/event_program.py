"""Adds reads of entity states to programs: checks each and notes what the states must hold for it."""

from collections.abc import Sequence

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity
from scoring.declare import Condition, NamedField, Origin
from scoring.declare.lowering import EntityKeys
from scoring.declare.protocols.fields import HASHED, FieldTypes
from scoring.features.compile.field_lookup import counted_field, field_named
from scoring.features.compile.layout import RingColumn, StatePart, distinguishing_role
from scoring.features.compile.program import ProgramBuilder, Ref, Subject
from scoring.features.compile.roles import roles_named

MAX_MAP_CAP = 1024


class EventProgram(ProgramBuilder):
    """What the words of one event type are lowered to: a `scoring.declare.lowering.Program`."""

    def subject(self, word: EntityKeys) -> Subject:
        for key in word.keys:
            self.own_field(key, ("Entity", "Category"), word.origin)
        counted = word.of or self.member.name
        if counted not in self.needs.members:
            known = ", ".join(self.needs.members)
            raise word.origin.error(
                f"of={counted!r} is not an event type of lane {self.member.lane}: {known}"
            )
        member = self.needs.members[counted]
        return self._note_subject(word.keys, member, roles_named(self.member, word, member))

    def first_entity(self) -> Subject | None:
        entities = [declared for declared in self.member.fields.values() if isinstance(declared, Entity)]
        return self._note_subject(entities[:1], self.member, [entities[0].name]) if entities else None

    def _note_subject(
        self, keys: Sequence[NamedField], counted: type[EventType], role: Sequence[str]
    ) -> Subject:
        """The states of these fields of the event, each named by a field of the counted type; notes them."""
        places = list(counted.fields)
        order = sorted(range(len(keys)), key=lambda at: (keys[at].kind, places.index(role[at])))
        kind = self.needs.kind(tuple(keys[at].kind for at in order))
        own = tuple(keys[at].name for at in order)
        self.reads.setdefault((kind, own))
        return Subject(
            kind, own, counted.name, distinguishing_role(counted, kind, tuple(role[at] for at in order))
        )

    def counted_field(
        self, subject: Subject, field: NamedField | str, types: FieldTypes, origin: Origin
    ) -> None:
        member = self.needs.members[subject.counted]
        if isinstance(field, str):
            field_named(member, field, types, origin)
        else:
            counted_field(member, field, types, origin)

    def condition(self, subject: Subject, where: Condition | None, origin: Origin) -> str:
        return self.needs.condition(subject.counted, where, origin, clock=self.time_of_day)

    def aggregate(
        self, subject: Subject, function: str, field: str, *, window: int, tile: int, where: str
    ) -> int:
        def read(measure: str, operation: str = "ring_sum") -> int:
            """Read the tile of the read time and all tiles of the window before it."""
            name = "" if measure == "count" else field
            column = RingColumn(measure, subject.counted, name, where, subject.role)
            ring, at = self._ring_column(subject, tile, window // tile + 1, column)
            return self.emit(operation, subject.key, ring, at, window // tile)

        if function in ("count", "sum"):
            return read(function)
        if function in ("min", "max"):
            return read(function, f"ring_{function}")
        # How many events have the field: all of them when it is required.
        known = read("known" if self.needs.members[subject.counted].fields[field].optional else "count")
        if function == "mean":
            return self.emit("divide", read("sum"), known)
        return self.emit("std", known, read("sum"), read("square"))

    def lagged_sum(self, subject: Subject, measure: str, *, window: int, delay: int, tile: int) -> int:
        reach = delay + window
        column = RingColumn(measure, subject.counted, role=subject.role)
        ring, at = self._ring_column(subject, tile, -(-reach // tile) + 1, column)
        return self.emit("lagged_sum", subject.key, ring, at, reach, delay)

    def _ring_column(self, subject: Subject, tile: int, tiles: int, column: RingColumn) -> tuple[Ref, Ref]:
        """The locations of a ring and its column; notes that states have them."""
        self.needs.ring_column(subject.kind, tile, tiles, column)
        return subject.ref("ring", width=tile), subject.ref("column", width=tile, column=column)

    def part(
        self, subject: Subject, what: str, fields: tuple[str, ...] = (), *, where: str = "", size: int = 0
    ) -> Ref:
        part = StatePart(what, subject.counted, fields, where, size, subject.role)
        self.needs.part(subject.kind, part)
        return subject.ref("part", part=part)

    def value_map(
        self, subject: Subject, field: NamedField, cap: int, origin: Origin, *, where: str = ""
    ) -> Ref:
        if isinstance(cap, bool) or not isinstance(cap, int) or not 1 <= cap <= MAX_MAP_CAP:
            raise origin.error(f"cap must be at least 1 and at most {MAX_MAP_CAP}, not {cap!r}")
        name = counted_field(self.needs.members[subject.counted], field, HASHED, origin)
        # A map's contents must not depend on other features, so each cap has its own map.
        return self.part(subject, "map", (name,), where=where, size=cap)

    def saturable(self, feature: str) -> int:
        return self.needs.saturable(f"{self.member.name}.{feature}")
