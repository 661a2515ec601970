"""Turns an event type's features into register operations, noting what states have to hold for them.

Operands that depend on the final layout stay symbolic (`Ref`) until every event type of the lane is lowered.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Flag, Money, Number, Text
from scoring.errors import CatalogError
from scoring.features import declare
from scoring.features import opcodes as op
from scoring.features.declare import Expression, NamedField
from scoring.features.layout import Column, Kind, Needs, Part, key_fields

MONTH = declare.Window(30 * 86_400_000_000, "30d")
_MONTH_TILE = MONTH.us // declare.TILES_PER_WINDOW


@dataclass(frozen=True, slots=True)
class Ref:
    """What only the layout knows: "kind", "ring", "column" or "part" place, map "cap"; or a "constant"."""

    what: str
    kind: Kind = ()
    width: int = 0
    column: Column = ("", "", "")
    part: Part = ()
    value: float = 0.0


Operation = tuple[int | Ref, ...]


class Lowering:
    """One event type: its operations, the registers of the output row, the columns items are encoded to."""

    def __init__(self, member: type[EventType], needs: Needs) -> None:
        self.member = member
        self.needs = needs
        self.operations: list[Operation] = []  # (opcode, destination, ...)
        self.outs: list[int] = []  # the register of each column of a row
        self.values: dict[str, int] = {}
        self.hashes: dict[str, int] = {}
        self.batch_views: dict[str, declare.ValueSource] = {}
        self.registers = 0
        self._known: dict[Operation, int] = {}

    def lower_features(self, features: Sequence[Expression]) -> tuple[list[int], list[int]]:
        """The columns of a row where a set's values stand, and where what is usual does.

        What two features share, of one set or of two, is computed once and stands in one column.
        """
        values = [self.column(lower(self, feature)) for feature in features]
        return values, [self.column(lower_usual(self, feature)) for feature in features]

    def column(self, register: int) -> int:
        """The column of a row that holds this register."""
        if register not in self.outs:
            self.outs.append(register)
        return self.outs.index(register)

    def emit(self, opcode: int, *operands: int | Ref) -> int:
        """The register that holds this operation's result; equal operations are done once."""
        operation = (opcode, *operands)
        if operation not in self._known:
            self._known[operation] = self.registers
            self.operations.append((opcode, self.registers, *operands))
            self.registers += 1
        return self._known[operation]

    def constant(self, value: float) -> int:
        return self.emit(op.CONSTANT, Ref("constant", value=value))

    def value_column(self, name: str) -> int:
        return self.values.setdefault(name, len(self.values))

    def hash_column(self, name: str) -> int:
        return self.hashes.setdefault(name, len(self.hashes))

    def value_columns(self) -> tuple[tuple[int, str, str], ...]:
        return tuple((at, name, value_type(self.member, name)) for name, at in self.values.items())

    def hash_columns(self) -> tuple[tuple[int, str], ...]:
        return tuple((at, name) for name, at in self.hashes.items())


def value_type(member: type[EventType], name: str) -> str:
    declared = member.fields.get(name)  # None for a value of a batch view
    if isinstance(declared, Money):
        return "money"
    return "category" if isinstance(declared, Category) else "number"


# --- checks of what a declaration names ---


def _own_field(lowering: Lowering, named: NamedField, types: tuple[type, ...], expression: Expression) -> str:
    """The name of a field that must belong to the declaring event type and be of one of these types."""
    member = lowering.member
    if not isinstance(named, types):
        wanted = " or ".join(wanted.__name__ for wanted in types)
        raise expression.origin.error(f"{getattr(named, 'name', named)!r} is not a {wanted} field")
    if named not in member.fields.values():
        raise expression.origin.error(f"{member.name} has no field {named.name!r}; it has {_names(member)}")
    return named.name


def _names(member: type[EventType]) -> str:
    return ", ".join(member.fields)


def _counted(lowering: Lowering, expression: declare.OnEntity) -> tuple[Kind, str]:
    """The kind of entity an expression reads, and the event type it counts."""
    for key in expression.keys:
        _own_field(lowering, key, (Entity, Category), expression)
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


def _counted_field(
    lowering: Lowering, counted: str, name: str, types: tuple[type, ...], origin: declare.Origin
) -> str:
    member = lowering.needs.members[counted]
    if name not in member.fields:
        raise origin.error(f"{counted} has no field {name!r}; it has {_names(member)}")
    if not isinstance(member.fields[name], types):
        raise origin.error(
            f"{counted}.{name} is not a {' or '.join(wanted.__name__ for wanted in types)} field"
        )
    return name


# --- parts of states ---


@dataclass(frozen=True, slots=True)
class _Over:
    """Events of a type over a window of a kind's states."""

    kind: Kind
    counted: str
    window: int
    tile: int


def _read_ring(lowering: Lowering, over: _Over, column: Column, opcode: int = op.RING_SUM) -> int:
    """Reads `column` over the tile of the read time and as many before it as the window has."""
    tiles = over.window // over.tile
    lowering.needs.ring_column(over.kind, over.tile, tiles + 1, column)
    ring, at = Ref("ring", over.kind, over.tile), Ref("column", over.kind, over.tile, column)
    return lowering.emit(opcode, Ref("kind", over.kind), ring, at, tiles)


def _known_column(lowering: Lowering, counted: str, name: str) -> Column:
    """What counts the events that have a field: all of them when it is required."""
    optional = lowering.needs.members[counted].fields[name].optional
    return ("known", counted, name) if optional else ("count", counted, "")


def _aggregate(lowering: Lowering, over: _Over, function: str, name: str = "") -> int:
    counted = over.counted
    if function == "count":
        return _read_ring(lowering, over, ("count", counted, ""))
    if function == "sum":
        return _read_ring(lowering, over, ("sum", counted, name))
    if function in ("min", "max"):
        opcode = op.RING_MIN if function == "min" else op.RING_MAX
        return _read_ring(lowering, over, (function, counted, name), opcode)
    known = _read_ring(lowering, over, _known_column(lowering, counted, name))
    total = _read_ring(lowering, over, ("sum", counted, name))
    if function == "mean":
        return lowering.emit(op.DIVIDE, total, known)
    return lowering.emit(op.STD, known, total, _read_ring(lowering, over, ("square", counted, name)))


def _map(
    lowering: Lowering, expression: declare.Distinct | declare.SinceLastSame | declare.IsNew
) -> tuple[Kind, Part]:
    kind, counted = _counted(lowering, expression)
    if expression.cap < 1:
        raise expression.origin.error("cap must be at least 1")
    name = _counted_field(
        lowering, counted, expression.field.name, (Entity, Category, Text), expression.origin
    )
    part = ("map", counted, name, str(expression.cap))  # what it holds must not depend on other features
    lowering.needs.part(kind, part, cap=expression.cap)
    return kind, part


# --- one function a word ---


def _lower_named(lowering: Lowering, expression: declare.Named) -> int:
    return lower(lowering, expression.inner)


def _lower_constant(lowering: Lowering, expression: declare.Constant) -> int:
    return lowering.constant(expression.value)


def _lower_arithmetic(lowering: Lowering, expression: declare.Arithmetic) -> int:
    opcode = op.DIVIDE if expression.operator == "/" else op.SUBTRACT
    return lowering.emit(opcode, lower(lowering, expression.left), lower(lowering, expression.right))


def _lower_field(lowering: Lowering, expression: declare.FieldValue) -> int:
    name = _own_field(lowering, expression.field, (Money, Number, Flag, Category), expression)
    return lowering.emit(op.VALUE, lowering.value_column(name))


def _lower_batch_value(lowering: Lowering, expression: declare.BatchValue) -> int:
    lowering.batch_views[expression.view.name] = expression.view
    return lowering.emit(op.VALUE, lowering.value_column(expression.column))


def _lower_hour(lowering: Lowering, expression: declare.HourOfDay) -> int:
    return lowering.emit(op.HOUR)


def _lower_weekday(lowering: Lowering, expression: declare.DayOfWeek) -> int:
    return lowering.emit(op.WEEKDAY)


def _number(lowering: Lowering, named: NamedField, expression: Expression) -> int:
    return lowering.emit(op.VALUE, lowering.value_column(_own_field(lowering, named, (Number,), expression)))


def _lower_years(lowering: Lowering, expression: declare.YearsSince) -> int:
    return lowering.emit(op.YEARS_SINCE, _number(lowering, expression.field, expression))


def _lower_distance(lowering: Lowering, expression: declare.Distance) -> int:
    return lowering.emit(op.DISTANCE, *(_number(lowering, point, expression) for point in expression.points))


def _lower_aggregate(lowering: Lowering, expression: declare.Aggregate) -> int:
    kind, counted = _counted(lowering, expression)
    if expression.field_name:
        _counted_field(lowering, counted, expression.field_name, (Money, Number, Flag), expression.origin)
    over = _Over(kind, counted, expression.window.us, expression.tile)
    return _aggregate(lowering, over, expression.function, expression.field_name)


def _lower_labelled(lowering: Lowering, expression: declare.Labelled) -> int:
    kind, counted = _counted(lowering, expression)
    reach = expression.delay.us + expression.window.us
    tiles = -(-reach // expression.tile) + 1

    def total(column: Column) -> int:
        lowering.needs.ring_column(kind, expression.tile, tiles, column)
        ring, at = Ref("ring", kind, expression.tile), Ref("column", kind, expression.tile, column)
        return lowering.emit(op.LAGGED_SUM, Ref("kind", kind), ring, at, reach, expression.delay.us)

    positives = total(("positive", counted, ""))
    if expression.function == "count":
        return positives
    return lowering.emit(op.DIVIDE, positives, total(("count", counted, "")))


def _lower_distinct(lowering: Lowering, expression: declare.Distinct) -> int:
    kind, part = _map(lowering, expression)
    return lowering.emit(
        op.DISTINCT,
        Ref("kind", kind),
        Ref("part", kind, part=part),
        Ref("cap", kind, part=part),
        expression.window.us,
        expression.tile,
        lowering.needs.saturable(f"{lowering.member.name}.{expression.name}"),
    )


def _lower_same(lowering: Lowering, expression: declare.SinceLastSame | declare.IsNew) -> int:
    kind, part = _map(lowering, expression)
    name = _own_field(lowering, expression.field, (Entity, Category, Text), expression)
    opcode = op.IS_NEW if isinstance(expression, declare.IsNew) else op.SINCE_SAME
    at, cap = Ref("part", kind, part=part), Ref("cap", kind, part=part)
    return lowering.emit(opcode, Ref("kind", kind), at, cap, lowering.hash_column(name))


def _lower_since_last(lowering: Lowering, expression: declare.SinceLast) -> int:
    kind, counted = _counted(lowering, expression)
    part = ("last", counted)
    lowering.needs.part(kind, part)
    return lowering.emit(op.SINCE, Ref("kind", kind), Ref("part", kind, part=part))


def _lower_since_first(lowering: Lowering, expression: declare.SinceFirst) -> int:
    kind, counted = _counted(lowering, expression)
    lowering.needs.part(kind, ("last", counted))  # so that the own events always write this kind
    return lowering.emit(op.SINCE, Ref("kind", kind), op.FIRST)


def _lower_travelled(lowering: Lowering, expression: declare.Travelled) -> int:
    kind, counted = _counted(lowering, expression)
    part = ("point", counted, expression.latitude.name, expression.longitude.name)
    latitude = _number(lowering, expression.latitude, expression)
    longitude = _number(lowering, expression.longitude, expression)
    lowering.needs.part(kind, part)
    opcode = op.TRAVELLED if expression.function == "distance" else op.SPEED
    return lowering.emit(opcode, Ref("kind", kind), Ref("part", kind, part=part), latitude, longitude)


_LOWER: dict[type[Expression], Callable[..., int]] = {
    declare.Named: _lower_named,
    declare.Constant: _lower_constant,
    declare.Arithmetic: _lower_arithmetic,
    declare.FieldValue: _lower_field,
    declare.BatchValue: _lower_batch_value,
    declare.HourOfDay: _lower_hour,
    declare.DayOfWeek: _lower_weekday,
    declare.YearsSince: _lower_years,
    declare.Distance: _lower_distance,
    declare.Aggregate: _lower_aggregate,
    declare.Labelled: _lower_labelled,
    declare.Distinct: _lower_distinct,
    declare.SinceLastSame: _lower_same,
    declare.IsNew: _lower_same,
    declare.SinceLast: _lower_since_last,
    declare.SinceFirst: _lower_since_first,
    declare.Travelled: _lower_travelled,
}


def lower(lowering: Lowering, expression: Expression) -> int:
    """The register that holds the expression's value."""
    return _LOWER[type(expression)](lowering, expression)


# --- what is usual: the column that follows each feature ---


def _month(kind: Kind, counted: str) -> _Over:
    return _Over(kind, counted, MONTH.us, _MONTH_TILE)


def lower_usual(lowering: Lowering, expression: Expression) -> int:
    """The register that holds what is usual for this entity; NaN where the entity itself tells nothing."""
    if isinstance(expression, declare.Named):
        return lower_usual(lowering, expression.inner)
    if isinstance(expression, declare.Aggregate):
        return _usual_aggregate(lowering, expression)
    if isinstance(expression, declare.SinceLast):
        kind, counted = _counted(lowering, expression)
        month = _aggregate(lowering, _month(kind, counted), "count")
        return lowering.emit(op.USUAL_GAP, month, Ref("kind", kind))
    if isinstance(expression, declare.FieldValue) and isinstance(expression.field, Money):
        return _usual_amount(lowering, expression.field.name)
    if _is_against_own_mean(expression):
        return lowering.emit(op.ONE_IF_KNOWN, lower(lowering, expression))
    return lowering.constant(float("nan"))


def _usual_aggregate(lowering: Lowering, expression: declare.Aggregate) -> int:
    """The month's count or sum, scaled to the window; of mean, min and max the month's mean; else NaN."""
    monthly = expression.window.us >= MONTH.us
    if expression.function == "std" or (monthly and expression.function in ("count", "sum", "mean")):
        return lowering.constant(float("nan"))
    kind, counted = _counted(lowering, expression)
    scaled = expression.function in ("count", "sum")
    function = expression.function if scaled else "mean"
    month = _aggregate(lowering, _month(kind, counted), function, expression.field_name)
    return lowering.emit(op.USUAL_RATE, month, Ref("kind", kind), expression.window.us) if scaled else month


def _usual_amount(lowering: Lowering, name: str) -> int:
    """The month's mean of the event type's first entity."""
    entities = [declared for declared in lowering.member.fields.values() if isinstance(declared, Entity)]
    if not entities:
        return lowering.constant(float("nan"))
    kind = lowering.needs.kind_of((entities[0],))
    return _aggregate(lowering, _month(kind, lowering.member.name), "mean", name)


def _is_against_own_mean(expression: Expression) -> bool:
    return (
        isinstance(expression, declare.Arithmetic)
        and expression.operator == "/"
        and isinstance(expression.left, declare.FieldValue)
        and isinstance(expression.right, declare.Aggregate)
        and expression.right.function == "mean"
        and expression.right.field_name == expression.left.field.name
    )
