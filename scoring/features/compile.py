"""Lowers features to register operations: one function for each word that they are declared in."""

from collections.abc import Callable

from scoring import declare
from scoring.catalog.fields import Category, Number, Text
from scoring.declare import Expression, NamedField
from scoring.features import opcodes as op
from scoring.features.field_lookup import NUMERIC, SHOWN, counted_field, field_named, own_field
from scoring.features.layout import Column, Part
from scoring.features.program import Lowering
from scoring.features.reads import Over, read_aggregate, read_map, read_subject

_ARITHMETIC = {"+": op.ADD, "-": op.SUBTRACT, "*": op.MULTIPLY, "/": op.DIVIDE}


def lower(lowering: Lowering, expression: Expression) -> int:
    """The register that holds the expression's value."""
    return _LOWER[type(expression)](lowering, expression)


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
    types = (*NUMERIC, Category)
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
    subject = read_subject(lowering, expression)
    if expression.field_name:
        member = lowering.needs.members[subject.counted]
        field_named(member, expression.field_name, NUMERIC, expression.origin)
    where = lowering.needs.condition(subject.counted, expression.where, expression.origin)
    over = Over(subject, expression.window.us, expression.tile, where)
    return read_aggregate(lowering, over, expression.function, expression.field_name)


def _lower_session(lowering: Lowering, expression: declare.InSession) -> int:
    subject = read_subject(lowering, expression)
    fields = (expression.field_name,) if expression.field_name else ()
    for name in fields:
        field_named(lowering.needs.members[subject.counted], name, NUMERIC, expression.origin)
    part = Part("session", subject.counted, fields, size=expression.gap.us, role=subject.role)
    lowering.needs.part(subject.kind, part)
    opcode = op.SESSION_AGE if expression.function == "duration" else op.SESSION_TOTAL
    return lowering.emit(opcode, subject.ref(), subject.ref("part", part=part), expression.gap.us)


def _lower_labelled(lowering: Lowering, expression: declare.Labelled) -> int:
    subject = read_subject(lowering, expression)
    reach = expression.delay.us + expression.window.us
    tiles = -(-reach // expression.tile) + 1

    def total(column: Column) -> int:
        lowering.needs.ring_column(subject.kind, expression.tile, tiles, column)
        ring = subject.ref("ring", width=expression.tile)
        at = subject.ref("column", width=expression.tile, column=column)
        return lowering.emit(op.LAGGED_SUM, subject.ref(), ring, at, reach, expression.delay.us)

    positives = total(Column("positive", subject.counted, role=subject.role))
    if expression.function == "count":
        return positives
    return lowering.emit(op.DIVIDE, positives, total(Column("count", subject.counted, role=subject.role)))


def _lower_distinct(lowering: Lowering, expression: declare.Distinct) -> int:
    counted = read_subject(lowering, expression).counted
    where = lowering.needs.condition(counted, expression.where, expression.origin)
    subject, part = read_map(lowering, expression, where)
    return lowering.emit(
        op.DISTINCT,
        subject.ref(),
        subject.ref("part", part=part),
        part.size,
        expression.window.us,
        expression.tile,
        lowering.needs.saturable(f"{lowering.member.name}.{expression.name}"),
    )


def _lower_same(lowering: Lowering, expression: declare.SinceLastSame | declare.IsNew) -> int:
    subject, part = read_map(lowering, expression)
    name = own_field(lowering.member, expression.field, SHOWN, expression.origin)
    opcode = op.IS_NEW if isinstance(expression, declare.IsNew) else op.SINCE_SAME
    at = subject.ref("part", part=part)
    return lowering.emit(opcode, subject.ref(), at, part.size, lowering.hash_column(name))


def _lower_since_last(lowering: Lowering, expression: declare.SinceLast) -> int:
    subject = read_subject(lowering, expression)
    where = lowering.needs.condition(subject.counted, expression.where, expression.origin)
    part = Part("last", subject.counted, where=where, role=subject.role)
    lowering.needs.part(subject.kind, part)
    return lowering.emit(op.SINCE, subject.ref(), subject.ref("part", part=part))


def _lower_since_first(lowering: Lowering, expression: declare.SinceFirst) -> int:
    subject = read_subject(lowering, expression)
    # So that the own events always write this kind.
    lowering.needs.part(subject.kind, Part("last", subject.counted, role=subject.role))
    return lowering.emit(op.SINCE, subject.ref(), op.FIRST)


def _lower_last(lowering: Lowering, expression: declare.Last) -> int:
    subject = read_subject(lowering, expression)
    member = lowering.needs.members[subject.counted]
    name = counted_field(member, expression.field, NUMERIC, expression.origin)
    part = Part("value", subject.counted, (name,), role=subject.role)
    lowering.needs.part(subject.kind, part)
    return lowering.emit(op.LAST_VALUE, subject.ref(), subject.ref("part", part=part))


def _lower_changed(lowering: Lowering, expression: declare.Changed) -> int:
    subject = read_subject(lowering, expression)
    name = own_field(lowering.member, expression.field, SHOWN, expression.origin)
    counted_field(lowering.needs.members[subject.counted], expression.field, SHOWN, expression.origin)
    part = Part("hash", subject.counted, (name,), role=subject.role)
    lowering.needs.part(subject.kind, part)
    at = subject.ref("part", part=part)
    return lowering.emit(op.CHANGED, subject.ref(), at, lowering.hash_column(name))


def _lower_travelled(lowering: Lowering, expression: declare.Travelled) -> int:
    subject = read_subject(lowering, expression)
    point = (expression.latitude.name, expression.longitude.name)
    part = Part("point", subject.counted, point, role=subject.role)
    latitude = _number(lowering, expression.latitude, expression)
    longitude = _number(lowering, expression.longitude, expression)
    lowering.needs.part(subject.kind, part)
    opcode = op.TRAVELLED if expression.function == "distance" else op.SPEED
    return lowering.emit(opcode, subject.ref(), subject.ref("part", part=part), latitude, longitude)


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
