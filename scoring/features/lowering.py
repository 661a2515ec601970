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
from scoring.features.named import counted_field, field_named, own_field

MONTH = declare.Window(30 * 86_400_000_000, "30d")
_MONTH_TILE = MONTH.us // declare.TILES_PER_WINDOW
MOST_IN_A_MAP = 1024

_NUMERIC = (Money, Number, Flag)
_SHOWN = (Entity, Category, Text)
_ARITHMETIC = {"+": op.ADD, "-": op.SUBTRACT, "*": op.MULTIPLY, "/": op.DIVIDE}


_NO_COLUMN, _NO_PART = Column("", ""), Part("", "")

# One object: as a NaN equals only itself, this makes all of them one register and one column.
_NOTHING_USUAL = float("nan")


@dataclass(frozen=True, slots=True)
class Ref:
    """What only the layout knows: where a "kind", "ring", "column" or "part" stands; or a "constant"."""

    what: str
    kind: Kind = ()
    width: int = 0
    column: Column = _NO_COLUMN
    part: Part = _NO_PART
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
    if name in member.signals:
        return "number"
    declared = member.fields.get(name)
    if declared is None:
        return "batch"
    if isinstance(declared, Money):
        return "money"
    return "category" if isinstance(declared, Category) else "number"


# --- checks of what a declaration names ---


def _counted(lowering: Lowering, expression: declare.OnEntity) -> tuple[Kind, str]:
    """The kind of entity an expression reads, and the event type it counts."""
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


# --- parts of states ---


@dataclass(frozen=True, slots=True)
class _Over:
    """Events of a type, or those that fulfil a condition, over a window of a kind's states."""

    kind: Kind
    counted: str
    window: int
    tile: int
    where: str = ""


def _read_ring(lowering: Lowering, over: _Over, column: Column, opcode: int = op.RING_SUM) -> int:
    """Reads `column` over the tile of the read time and as many before it as the window has."""
    tiles = over.window // over.tile
    lowering.needs.ring_column(over.kind, over.tile, tiles + 1, column)
    ring, at = Ref("ring", over.kind, over.tile), Ref("column", over.kind, over.tile, column)
    return lowering.emit(opcode, Ref("kind", over.kind), ring, at, tiles)


def _aggregate(lowering: Lowering, over: _Over, function: str, name: str = "") -> int:
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


def _map(
    lowering: Lowering, expression: declare.Distinct | declare.SinceLastSame | declare.IsNew, where: str = ""
) -> tuple[Kind, Part]:
    kind, counted = _counted(lowering, expression)
    cap = expression.cap
    if isinstance(cap, bool) or not isinstance(cap, int) or not 1 <= cap <= MOST_IN_A_MAP:
        raise expression.origin.error(f"cap must be at least 1 and at most {MOST_IN_A_MAP}, not {cap!r}")
    name = counted_field(lowering.needs.members[counted], expression.field, _SHOWN, expression.origin)
    # What a map holds must not depend on other features, so each cap has its own.
    part = Part("map", counted, (name,), where, cap)
    lowering.needs.part(kind, part)
    return kind, part


# --- one function a word ---


def _lower_named(lowering: Lowering, expression: declare.Named) -> int:
    return lower(lowering, expression.inner)


def _lower_constant(lowering: Lowering, expression: declare.Constant) -> int:
    return lowering.constant(expression.value)


def _lower_arithmetic(lowering: Lowering, expression: declare.Arithmetic) -> int:
    for side in (expression.left, expression.right):
        _refuse_codes(side, expression)
    left, right = lower(lowering, expression.left), lower(lowering, expression.right)
    return lowering.emit(_ARITHMETIC[expression.operator], left, right)


def _refuse_codes(side: Expression, expression: declare.Arithmetic) -> None:
    """Lanes fold the codes of no model's vocabulary: each model puts in its own, where they stand alone."""
    shown = side.inner if isinstance(side, declare.Named) else side
    if isinstance(shown, declare.FieldValue) and isinstance(shown.field, Category):
        raise expression.origin.error(
            f"{shown.field.name} is a category, and its codes are no numbers to compute with"
        )


def _lower_field(lowering: Lowering, expression: declare.FieldValue) -> int:
    types = (*_NUMERIC, Category)
    name = own_field(lowering.member, expression.field, types, expression.origin)
    return lowering.emit(op.VALUE, lowering.value_column(name))


def _lower_text_signal(lowering: Lowering, expression: declare.TextSignal) -> int:
    own_field(lowering.member, expression.field, (Text,), expression.origin)
    return lowering.emit(op.VALUE, lowering.value_column(expression.column))


def _lower_batch_value(lowering: Lowering, expression: declare.BatchValue) -> int:
    lowering.batch_views[expression.view.name] = expression.view
    return lowering.emit(op.VALUE, lowering.value_column(expression.column))


def _lower_hour(lowering: Lowering, expression: declare.HourOfDay) -> int:
    return lowering.emit(op.HOUR)


def _lower_weekday(lowering: Lowering, expression: declare.DayOfWeek) -> int:
    return lowering.emit(op.WEEKDAY)


def _lower_night(lowering: Lowering, expression: declare.IsNight) -> int:
    return lowering.emit(op.BETWEEN_HOURS, expression.start, expression.end)


def _lower_weekend(lowering: Lowering, expression: declare.IsWeekend) -> int:
    return lowering.emit(op.WEEKEND_DAY)


def _number(lowering: Lowering, named: NamedField, expression: Expression) -> int:
    name = own_field(lowering.member, named, (Number,), expression.origin)
    return lowering.emit(op.VALUE, lowering.value_column(name))


def _lower_years(lowering: Lowering, expression: declare.YearsSince) -> int:
    return lowering.emit(op.YEARS_SINCE, _number(lowering, expression.field, expression))


def _lower_distance(lowering: Lowering, expression: declare.Distance) -> int:
    return lowering.emit(op.DISTANCE, *(_number(lowering, point, expression) for point in expression.points))


def _lower_aggregate(lowering: Lowering, expression: declare.Aggregate) -> int:
    kind, counted = _counted(lowering, expression)
    if expression.field_name:
        member = lowering.needs.members[counted]
        field_named(member, expression.field_name, _NUMERIC, expression.origin)
    where = lowering.needs.condition(counted, expression.where, expression.origin)
    over = _Over(kind, counted, expression.window.us, expression.tile, where)
    return _aggregate(lowering, over, expression.function, expression.field_name)


def _lower_session(lowering: Lowering, expression: declare.InSession) -> int:
    kind, counted = _counted(lowering, expression)
    fields = (expression.field_name,) if expression.field_name else ()
    for name in fields:
        field_named(lowering.needs.members[counted], name, _NUMERIC, expression.origin)
    part = Part("session", counted, fields, size=expression.gap.us)
    lowering.needs.part(kind, part)
    opcode = op.SESSION_AGE if expression.function == "duration" else op.SESSION_TOTAL
    return lowering.emit(opcode, Ref("kind", kind), Ref("part", kind, part=part), expression.gap.us)


def _lower_labelled(lowering: Lowering, expression: declare.Labelled) -> int:
    kind, counted = _counted(lowering, expression)
    reach = expression.delay.us + expression.window.us
    tiles = -(-reach // expression.tile) + 1

    def total(column: Column) -> int:
        lowering.needs.ring_column(kind, expression.tile, tiles, column)
        ring, at = Ref("ring", kind, expression.tile), Ref("column", kind, expression.tile, column)
        return lowering.emit(op.LAGGED_SUM, Ref("kind", kind), ring, at, reach, expression.delay.us)

    positives = total(Column("positive", counted))
    if expression.function == "count":
        return positives
    return lowering.emit(op.DIVIDE, positives, total(Column("count", counted)))


def _lower_distinct(lowering: Lowering, expression: declare.Distinct) -> int:
    counted = expression.of or lowering.member.name
    _counted(lowering, expression)
    where = lowering.needs.condition(counted, expression.where, expression.origin)
    kind, part = _map(lowering, expression, where)
    return lowering.emit(
        op.DISTINCT,
        Ref("kind", kind),
        Ref("part", kind, part=part),
        part.size,
        expression.window.us,
        expression.tile,
        lowering.needs.saturable(f"{lowering.member.name}.{expression.name}"),
    )


def _lower_same(lowering: Lowering, expression: declare.SinceLastSame | declare.IsNew) -> int:
    kind, part = _map(lowering, expression)
    name = own_field(lowering.member, expression.field, _SHOWN, expression.origin)
    opcode = op.IS_NEW if isinstance(expression, declare.IsNew) else op.SINCE_SAME
    at = Ref("part", kind, part=part)
    return lowering.emit(opcode, Ref("kind", kind), at, part.size, lowering.hash_column(name))


def _lower_since_last(lowering: Lowering, expression: declare.SinceLast) -> int:
    kind, counted = _counted(lowering, expression)
    part = Part("last", counted, where=lowering.needs.condition(counted, expression.where, expression.origin))
    lowering.needs.part(kind, part)
    return lowering.emit(op.SINCE, Ref("kind", kind), Ref("part", kind, part=part))


def _lower_since_first(lowering: Lowering, expression: declare.SinceFirst) -> int:
    kind, counted = _counted(lowering, expression)
    lowering.needs.part(kind, Part("last", counted))  # so that the own events always write this kind
    return lowering.emit(op.SINCE, Ref("kind", kind), op.FIRST)


def _lower_last(lowering: Lowering, expression: declare.Last) -> int:
    kind, counted = _counted(lowering, expression)
    member = lowering.needs.members[counted]
    name = counted_field(member, expression.field, _NUMERIC, expression.origin)
    part = Part("value", counted, (name,))
    lowering.needs.part(kind, part)
    return lowering.emit(op.LAST_VALUE, Ref("kind", kind), Ref("part", kind, part=part))


def _lower_changed(lowering: Lowering, expression: declare.Changed) -> int:
    kind, counted = _counted(lowering, expression)
    name = own_field(lowering.member, expression.field, _SHOWN, expression.origin)
    counted_field(lowering.needs.members[counted], expression.field, _SHOWN, expression.origin)
    part = Part("hash", counted, (name,))
    lowering.needs.part(kind, part)
    at = Ref("part", kind, part=part)
    return lowering.emit(op.CHANGED, Ref("kind", kind), at, lowering.hash_column(name))


def _lower_travelled(lowering: Lowering, expression: declare.Travelled) -> int:
    kind, counted = _counted(lowering, expression)
    part = Part("point", counted, (expression.latitude.name, expression.longitude.name))
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
    declare.TextSignal: _lower_text_signal,
    declare.BatchValue: _lower_batch_value,
    declare.HourOfDay: _lower_hour,
    declare.DayOfWeek: _lower_weekday,
    declare.IsNight: _lower_night,
    declare.IsWeekend: _lower_weekend,
    declare.YearsSince: _lower_years,
    declare.Distance: _lower_distance,
    declare.Aggregate: _lower_aggregate,
    declare.InSession: _lower_session,
    declare.Labelled: _lower_labelled,
    declare.Distinct: _lower_distinct,
    declare.SinceLastSame: _lower_same,
    declare.IsNew: _lower_same,
    declare.SinceLast: _lower_since_last,
    declare.SinceFirst: _lower_since_first,
    declare.Last: _lower_last,
    declare.Changed: _lower_changed,
    declare.Travelled: _lower_travelled,
}


def lower(lowering: Lowering, expression: Expression) -> int:
    """The register that holds the expression's value."""
    return _LOWER[type(expression)](lowering, expression)


# --- what is usual: the column that follows each feature ---


def _month(kind: Kind, counted: str, where: str = "") -> _Over:
    return _Over(kind, counted, MONTH.us, _MONTH_TILE, where)


def lower_usual(lowering: Lowering, expression: Expression) -> int:
    """The register that holds what is usual for this entity; NaN where the entity itself tells nothing."""
    if isinstance(expression, declare.Named):
        return lower_usual(lowering, expression.inner)
    if isinstance(expression, declare.Aggregate):
        return _usual_aggregate(lowering, expression)
    if isinstance(expression, declare.SinceLast):
        kind, counted = _counted(lowering, expression)
        where = declare.where_text(expression.where)
        month = _aggregate(lowering, _month(kind, counted, where), "count")
        return lowering.emit(op.USUAL_GAP, month, Ref("kind", kind))
    if isinstance(expression, declare.FieldValue) and isinstance(expression.field, Money):
        return _usual_amount(lowering, expression.field.name)
    if _is_against_own_mean(expression):
        return lowering.emit(op.ONE_IF_KNOWN, lower(lowering, expression))
    return lowering.constant(_NOTHING_USUAL)


def _usual_aggregate(lowering: Lowering, expression: declare.Aggregate) -> int:
    """The month's count or sum, scaled to the window; of mean, min and max the month's mean; else NaN."""
    monthly = expression.window.us >= MONTH.us
    if expression.function == "std" or (monthly and expression.function in ("count", "sum", "mean")):
        return lowering.constant(_NOTHING_USUAL)
    kind, counted = _counted(lowering, expression)
    scaled = expression.function in ("count", "sum")
    function = expression.function if scaled else "mean"
    where = declare.where_text(expression.where)
    month = _aggregate(lowering, _month(kind, counted, where), function, expression.field_name)
    return lowering.emit(op.USUAL_RATE, month, Ref("kind", kind), expression.window.us) if scaled else month


def _usual_amount(lowering: Lowering, name: str) -> int:
    """The month's mean of the event type's first entity."""
    entities = [declared for declared in lowering.member.fields.values() if isinstance(declared, Entity)]
    if not entities:
        return lowering.constant(_NOTHING_USUAL)
    kind = lowering.needs.kind_of((entities[0],))
    return _aggregate(lowering, _month(kind, lowering.member.name), "mean", name)


def _is_against_own_mean(expression: Expression) -> bool:
    return (
        isinstance(expression, declare.Arithmetic)
        and expression.operator == "/"
        and isinstance(expression.left, declare.FieldValue)
        and isinstance(expression.right, declare.Aggregate)
        and expression.right.function == "mean"
        and expression.right.where is None
        and expression.right.field_name == expression.left.field.name
    )
