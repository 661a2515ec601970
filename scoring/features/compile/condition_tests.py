"""Lowers conditions (`where=`) to tests of an event's columns and time, which come before counting it."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from scoring.catalog.currency import EXPONENTS
from scoring.catalog.errors import FieldError
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Flag, Money
from scoring.catalog.time_zones import UTC_CLOCK, Clock
from scoring.declare import Condition, Origin
from scoring.features import opcodes as op
from scoring.features.compile.field_lookup import field_named
from scoring.features.hashes import signed_hash

_COMPARISONS = {
    "below": op.IS_BELOW,
    "at_most": op.IS_AT_MOST,
    "above": op.IS_ABOVE,
    "at_least": op.IS_AT_LEAST,
}


class FieldTest(NamedTuple):
    """One test: a field against a number or hashes of values, or the time of day against hours."""

    opcode: int
    field: str = ""
    number: float = 0.0
    hashes: tuple[int, ...] = ()
    hours: tuple[int, int] = (0, 0)
    clock: Clock = UTC_CLOCK  # of the hours, or of the day of the week


def lower_condition(
    member: type[EventType], condition: Condition, origin: Origin, *, clock: Clock
) -> tuple[FieldTest, ...]:
    """All tests that an event of this type must pass, by these clocks.

    Raises CatalogError at `origin`.
    """
    return condition.lower_condition(FieldTests(member, origin, clock=clock))


def reads_the_clock(tests: Iterable[FieldTest]) -> bool:
    """Whether one of the tests depends on the time of day or the day of the week."""
    return any(test.opcode in (op.IS_BETWEEN_HOURS, op.IS_WEEKEND_DAY) for test in tests)


class FieldTests:
    """The tests of one event type's events; implements `scoring.declare.conditions.ConditionTests`."""

    def __init__(self, member: type[EventType], origin: Origin, *, clock: Clock) -> None:
        self._member = member
        self._origin = origin
        self._clock = clock

    def compare(self, name: str, operator: str, bound: float, *, text: str) -> FieldTest:
        declared = field_named(self._member, name, ("Money", "Number"), self._origin)
        number = self._minor_units(bound, text) if isinstance(declared, Money) else bound
        return FieldTest(_COMPARISONS[operator], name, number=float(number))

    def _minor_units(self, bound: float, text: str) -> int:
        currency = self._member.base_currency
        decimals = EXPONENTS[currency]
        minor = Decimal(repr(bound)).scaleb(decimals)
        if minor != int(minor):
            raise self._origin.error(f"where={text}: {currency} has {decimals} decimals, not more")
        return int(minor)

    def one_of(self, name: str, values: tuple[str | bool, ...], *, text: str) -> FieldTest:
        declared = field_named(self._member, name, ("Category", "Flag"), self._origin)
        if isinstance(declared, Flag):
            return self._flag(name, values, text)
        try:
            parsed = {declared.parse(value) for value in values}
        except FieldError as error:
            allowed = f"; allowed: {error.allowed}" if error.allowed else ""
            raise self._origin.error(f"where={text}: {error.problem}{allowed}") from error
        return FieldTest(op.IS_ONE_OF, name, hashes=tuple(sorted(map(signed_hash, parsed))))

    def _flag(self, name: str, values: tuple[str | bool, ...], text: str) -> FieldTest:
        if len(values) != 1 or not isinstance(values[0], bool):
            raise self._origin.error(f"where={text}: a flag is compared with True or with False")
        return FieldTest(op.IS_EQUAL, name, number=float(values[0]))

    def between_hours(self, start: int, end: int) -> FieldTest:
        return FieldTest(op.IS_BETWEEN_HOURS, hours=(start, end), clock=self._clock)

    def at_weekend(self) -> FieldTest:
        return FieldTest(op.IS_WEEKEND_DAY, clock=self._clock)
