"""Programs of event types: operations on registers, and the columns that items are encoded to.

Arguments that depend on the final layout stay symbolic (`Ref`) until every event type of the lane is lowered.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Money
from scoring.catalog.policies import names_of
from scoring.catalog.time_zones import UTC_CLOCK, Clock
from scoring.declare import FeatureView, NamedField, Origin
from scoring.declare.protocols.fields import HASHED, FieldTypes
from scoring.features import opcodes as op
from scoring.features.compile.clocks import clock_of
from scoring.features.compile.field_lookup import own_field
from scoring.features.compile.layout import Kind, RingColumn, StateNeeds, StatePart

_NO_COLUMN, _NO_PART = RingColumn("", ""), StatePart("", "")


@dataclass(frozen=True, slots=True)
class Ref:
    """The location of a "kind", "ring", "column" or "part", known once states are laid out; or a "constant"
    or "clock".

    `keys`: the event's own fields that identify the state of the kind.
    """

    what: str
    kind: Kind = ()
    keys: Kind = ()
    width: int = 0
    column: RingColumn = _NO_COLUMN
    part: StatePart = _NO_PART
    value: float = 0.0
    clock: Clock = UTC_CLOCK


Operation = tuple[int | Ref, ...]


class Subject(NamedTuple):
    """The states that a word reads: those of a kind, found by the event's own fields `keys`.

    `counted`: the event type counted there; `role`: its fields that name the entity, if others could.
    """

    kind: Kind
    keys: Kind
    counted: str
    role: Kind = ()

    def ref(self, what: str = "kind", **where: Any) -> Ref:
        return Ref(what, self.kind, self.keys, **where)

    @property
    def key(self) -> Ref:
        return self.ref()

    @property
    def first_seen(self) -> int:
        return op.FIRST


class ProgramBuilder:
    """Builds the program of one event type: operations, output registers, and columns to encode items to."""

    def __init__(self, member: type[EventType], needs: StateNeeds) -> None:
        self.member = member
        self.needs = needs
        self.time_of_day = clock_of(member)  # of the set that is being lowered
        self.operations: list[Operation] = []  # (opcode, destination, ...)
        self.outs: list[int] = []  # the register of each column of a row
        self.values: dict[tuple[str, str], int] = {}  # (field, how it is encoded) -> column
        self.hashes: dict[str, int] = {}
        self.batch_views: dict[str, FeatureView] = {}
        self.reads: dict[tuple[Kind, Kind], None] = {}  # (kind, fields of the own key), in order of use
        self.registers = 0
        self._known: dict[Operation, int] = {}

    def out_column(self, register: int) -> int:
        """The column of a row that holds this register."""
        if register not in self.outs:
            self.outs.append(register)
        return self.outs.index(register)

    def emit(self, operation: str, *arguments: int | Ref) -> int:
        """The register that holds this operation's result; equal operations are done once."""
        opcode, _ = op.READING[operation]
        known_as = (opcode, *arguments)
        if known_as not in self._known:
            self._known[known_as] = self.registers
            self.operations.append((opcode, self.registers, *arguments))
            self.registers += 1
        return self._known[known_as]

    def constant(self, value: float) -> int:
        return self.emit("constant", Ref("constant", value=value))

    def clock(self) -> Ref:
        return Ref("clock", clock=self.time_of_day)

    def item_value(self, column: str) -> int:
        return self.emit("value", self.value_column(column))

    def view_value(self, view: FeatureView, column: str) -> int:
        self.batch_views[view.name] = view
        return self.item_value(column)

    def own_field(self, field: NamedField, types: FieldTypes, origin: Origin) -> str:
        return own_field(self.member, field, types, origin)

    def own_policy(self, policy: str, origin: Origin) -> None:
        known = names_of(self.member.policies)
        if policy and policy not in known:
            listed = ", ".join(known) or "none"
            raise origin.error(f"{policy!r} is not a policy of {self.member.name}; its policies: {listed}")

    def own_value(self, field: NamedField, types: FieldTypes, origin: Origin) -> int:
        return self.item_value(self.own_field(field, types, origin))

    def own_hash(self, field: NamedField, origin: Origin) -> int:
        return self.hash_column(self.own_field(field, HASHED, origin))

    def value_column(self, name: str) -> int:
        return self.values.setdefault((name, value_type(self.member, name)), len(self.values))

    def offset_column(self, field: str) -> int:
        """The column of the offset from UTC in the time zone that this field names."""
        return self.values.setdefault((field, "offset"), len(self.values))

    def hash_column(self, name: str) -> int:
        return self.hashes.setdefault(name, len(self.hashes))

    def value_columns(self) -> tuple[tuple[int, str, str], ...]:
        return tuple((at, name, encoded) for (name, encoded), at in self.values.items())

    def hash_columns(self) -> tuple[tuple[int, str], ...]:
        return tuple((at, name) for name, at in self.hashes.items())


def value_type(member: type[EventType], name: str) -> str:
    """How a value column is encoded: "money", "category", "number", or "batch" for a batch view's value."""
    if name in member.signals:
        return "category" if member.signals[name].is_category else "number"
    declared = member.fields.get(name)
    if declared is None:
        return "batch"
    if isinstance(declared, Money):
        return "money"
    return "category" if isinstance(declared, Category) else "number"
