"""Reads of entity states: what a declaration reads, checked, and noted as something states have to hold."""

from dataclasses import dataclass

from scoring.catalog.fields import Category, Entity
from scoring.errors import CatalogError
from scoring.features import declare
from scoring.features import opcodes as op
from scoring.features.layout import Column, Kind, Part, key_fields
from scoring.features.lowering import Lowering, Ref
from scoring.features.named import SHOWN, counted_field, own_field

MOST_IN_A_MAP = 1024


@dataclass(frozen=True, slots=True)
class Over:
    """Events of a type, or those that fulfil a condition, over a window of a kind's states."""

    kind: Kind
    counted: str
    window: int
    tile: int
    where: str = ""


def counted_kind(lowering: Lowering, expression: declare.OnEntity) -> tuple[Kind, str]:
    """The kind of entity an expression reads, and the event type it counts. Raises CatalogError."""
    for key in expression.keys:
        own_field(lowering.member, key, (Entity, Category), expression.origin)
    counted = expression.of or lowering.member.name
    if counted not in lowering.needs.members:
        known = ", ".join(lowering.needs.members)
        raise expression.origin.error(
            f"of={counted!r} is not an event type of lane {lowering.member.lane}: {known}"
        )
    kind = lowering.needs.kind_of(expression.keys)
    try:
        key_fields(lowering.needs.members[counted], kind)
    except CatalogError as error:
        raise expression.origin.error(error.problem) from error
    return kind, counted


def read_aggregate(lowering: Lowering, over: Over, function: str, name: str = "") -> int:
    """The register of "count", or of a "sum", "mean", "std", "min" or "max" of the field `name`."""

    def read(measure: str, opcode: int = op.RING_SUM) -> int:
        field = "" if measure == "count" else name
        return _read_ring(lowering, over, Column(measure, over.counted, field, over.where), opcode)

    if function in ("count", "sum"):
        return read(function)
    if function in ("min", "max"):
        return read(function, op.RING_MIN if function == "min" else op.RING_MAX)
    # How many events have the field: all of them when it is required.
    known = read("known" if lowering.needs.members[over.counted].fields[name].optional else "count")
    if function == "mean":
        return lowering.emit(op.DIVIDE, read("sum"), known)
    return lowering.emit(op.STD, known, read("sum"), read("square"))


def _read_ring(lowering: Lowering, over: Over, column: Column, opcode: int = op.RING_SUM) -> int:
    """Reads `column` over the tile of the read time and as many before it as the window has."""
    tiles = over.window // over.tile
    lowering.needs.ring_column(over.kind, over.tile, tiles + 1, column)
    ring, at = Ref("ring", over.kind, over.tile), Ref("column", over.kind, over.tile, column)
    return lowering.emit(opcode, Ref("kind", over.kind), ring, at, tiles)


def read_map(
    lowering: Lowering, expression: declare.Distinct | declare.SinceLastSame | declare.IsNew, where: str = ""
) -> tuple[Kind, Part]:
    """The kind, and the part of its states that holds when each value of a field was seen last.

    Raises CatalogError for a cap that no map can have.
    """
    kind, counted = counted_kind(lowering, expression)
    cap = expression.cap
    if isinstance(cap, bool) or not isinstance(cap, int) or not 1 <= cap <= MOST_IN_A_MAP:
        raise expression.origin.error(f"cap must be at least 1 and at most {MOST_IN_A_MAP}, not {cap!r}")
    name = counted_field(lowering.needs.members[counted], expression.field, SHOWN, expression.origin)
    # What a map holds must not depend on other features, so each cap has its own.
    part = Part("map", counted, (name,), where, cap)
    lowering.needs.part(kind, part)
    return kind, part
