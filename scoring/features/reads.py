"""Reads of entity states: what a declaration reads, checked, and noted as something states have to hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from scoring import declare
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity
from scoring.declare import NamedField
from scoring.features import opcodes as op
from scoring.features.field_lookup import SHOWN, counted_field, own_field
from scoring.features.layout import Column, Part, told_apart
from scoring.features.program import Lowering, Subject
from scoring.features.roles import roles_named

MOST_IN_A_MAP = 1024


@dataclass(frozen=True, slots=True)
class Over:
    """Events of a subject, or those that fulfil a condition, over a window."""

    subject: Subject
    window: int
    tile: int
    where: str = ""


def read_subject(lowering: Lowering, expression: declare.OnEntity) -> Subject:
    """Whose state an expression reads, and what it counts there. Raises CatalogError."""
    for key in expression.keys:
        own_field(lowering.member, key, (Entity, Category), expression.origin)
    counted = expression.of or lowering.member.name
    if counted not in lowering.needs.members:
        known = ", ".join(lowering.needs.members)
        raise expression.origin.error(
            f"of={counted!r} is not an event type of lane {lowering.member.lane}: {known}"
        )
    member = lowering.needs.members[counted]
    return note_subject(lowering, expression.keys, member, roles_named(lowering, expression, member))


def note_subject(
    lowering: Lowering, keys: Sequence[NamedField], counted: type[EventType], role: Sequence[str]
) -> Subject:
    """The subject of these own fields, each in a field of the counted type; notes that it has states."""
    places = list(counted.fields)
    order = sorted(range(len(keys)), key=lambda at: (keys[at].kind, places.index(role[at])))
    kind = lowering.needs.kind(tuple(keys[at].kind for at in order))
    own = tuple(keys[at].name for at in order)
    lowering.reads.setdefault((kind, own))
    return Subject(kind, own, counted.name, told_apart(counted, kind, tuple(role[at] for at in order)))


def read_aggregate(lowering: Lowering, over: Over, function: str, name: str = "") -> int:
    """The register of "count", or of a "sum", "mean", "std", "min" or "max" of the field `name`."""

    def read(measure: str, opcode: int = op.RING_SUM) -> int:
        field = "" if measure == "count" else name
        column = Column(measure, over.subject.counted, field, over.where, over.subject.role)
        return _read_ring(lowering, over, column, opcode)

    if function in ("count", "sum"):
        return read(function)
    if function in ("min", "max"):
        return read(function, op.RING_MIN if function == "min" else op.RING_MAX)
    # How many events have the field: all of them when it is required.
    known = read("known" if lowering.needs.members[over.subject.counted].fields[name].optional else "count")
    if function == "mean":
        return lowering.emit(op.DIVIDE, read("sum"), known)
    return lowering.emit(op.STD, known, read("sum"), read("square"))


def _read_ring(lowering: Lowering, over: Over, column: Column, opcode: int = op.RING_SUM) -> int:
    """Reads `column` over the tile of the read time and as many before it as the window has."""
    subject, tiles = over.subject, over.window // over.tile
    lowering.needs.ring_column(subject.kind, over.tile, tiles + 1, column)
    ring = subject.ref("ring", width=over.tile)
    at = subject.ref("column", width=over.tile, column=column)
    return lowering.emit(opcode, subject.ref(), ring, at, tiles)


def read_map(
    lowering: Lowering, expression: declare.Distinct | declare.SinceLastSame | declare.IsNew, where: str = ""
) -> tuple[Subject, Part]:
    """Whose states, and the part of them that holds when each value of a field was seen last.

    Raises CatalogError for a cap that no map can have.
    """
    subject = read_subject(lowering, expression)
    cap = expression.cap
    if isinstance(cap, bool) or not isinstance(cap, int) or not 1 <= cap <= MOST_IN_A_MAP:
        raise expression.origin.error(f"cap must be at least 1 and at most {MOST_IN_A_MAP}, not {cap!r}")
    name = counted_field(lowering.needs.members[subject.counted], expression.field, SHOWN, expression.origin)
    # What a map holds must not depend on other features, so each cap has its own.
    part = Part("map", subject.counted, (name,), where, cap, subject.role)
    lowering.needs.part(subject.kind, part)
    return subject, part
