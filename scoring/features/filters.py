"""Conditions (`where=`) as tests of an event's columns and time, which the kernel does before it counts."""

from decimal import Decimal
from typing import NamedTuple

from scoring import declare
from scoring.catalog.currency import EXPONENTS
from scoring.catalog.errors import FieldError
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Flag, Money, Number
from scoring.declare import Condition, Origin
from scoring.features import opcodes as op
from scoring.features.field_lookup import field_named
from scoring.features.hashes import signed_hash

_COMPARISONS = {
    "below": op.IS_BELOW,
    "at_most": op.IS_AT_MOST,
    "above": op.IS_ABOVE,
    "at_least": op.IS_AT_LEAST,
}


class Test(NamedTuple):
    """One test: of a field against a number or hashes of values, or of the time of day against hours."""

    opcode: int
    field: str = ""
    number: float = 0.0
    hashes: tuple[int, ...] = ()
    hours: tuple[int, int] = (0, 0)


def lower_condition(member: type[EventType], condition: Condition, origin: Origin) -> tuple[Test, ...]:
    """The tests that an event of this type has to pass, all of them. Raises CatalogError at `origin`."""
    if isinstance(condition, declare.AllOf):
        return tuple(test for part in condition.parts for test in lower_condition(member, part, origin))
    if isinstance(condition, declare.Comparison):
        return (_comparison(member, condition, origin),)
    if isinstance(condition, declare.OneOf):
        return (_membership(member, condition, origin),)
    if isinstance(condition, declare.IsNight):
        return (Test(op.IS_BETWEEN_HOURS, hours=(condition.start, condition.end)),)
    return (Test(op.IS_WEEKEND_DAY),)


def _comparison(member: type[EventType], condition: declare.Comparison, origin: Origin) -> Test:
    name = condition.field.name
    declared = field_named(member, name, (Money, Number), origin)
    bound = condition.bound
    if isinstance(declared, Money):
        bound = _minor_units(member, condition, origin)
    return Test(_COMPARISONS[condition.operator], name, number=float(bound))


def _minor_units(member: type[EventType], condition: declare.Comparison, origin: Origin) -> int:
    decimals = EXPONENTS[member.base_currency]
    minor = Decimal(repr(condition.bound)).scaleb(decimals)
    if minor != int(minor):
        raise origin.error(
            f"where={condition.definition}: {member.base_currency} has {decimals} decimals, not more"
        )
    return int(minor)


def _membership(member: type[EventType], condition: declare.OneOf, origin: Origin) -> Test:
    name = condition.field.name
    declared = field_named(member, name, (Category, Flag), origin)
    if isinstance(declared, Flag):
        return _flag(condition, origin)
    try:
        values = {declared.parse(value) for value in condition.values}
    except FieldError as error:
        allowed = f"; allowed: {error.allowed}" if error.allowed else ""
        raise origin.error(f"where={condition.definition}: {error.problem}{allowed}") from error
    return Test(op.IS_ONE_OF, name, hashes=tuple(sorted(map(signed_hash, values))))


def _flag(condition: declare.OneOf, origin: Origin) -> Test:
    if len(condition.values) != 1 or not isinstance(condition.values[0], bool):
        raise origin.error(f"where={condition.definition}: a flag is compared with True or with False")
    return Test(op.IS_EQUAL, condition.field.name, number=float(condition.values[0]))
