"""Words for when an event occurred, by the clocks of its type's time zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scoring.declare.canonical import call
from scoring.declare.conditions import Condition, ConditionTests
from scoring.declare.expression import Expression
from scoring.declare.lowering import Program, Register
from scoring.declare.origin import Origin
from scoring.declare.protocols.fields import NamedField
from scoring.declare.protocols.grammar import Grammar


@dataclass(frozen=True)
class CalendarWord(Expression):
    """Says only when the event occurred, so every event has a value."""

    is_calendar = True

    def without_past(self, grammar: Grammar) -> str:
        return "never missing"

    def may_be_missing(self, grammar: Grammar) -> bool:
        return False


@dataclass(frozen=True)
class HourOfDay(CalendarWord):
    """0 to 23."""

    kind = "hour"

    @property
    def name(self) -> str:
        return "hour_of_day"

    @property
    def definition(self) -> str:
        return call("hour_of_day")

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return "hour"

    def description(self, grammar: Grammar) -> str:
        return f"the hour of the day of the {grammar.subject}, 0 to 23 {grammar.clock}"

    def lower(self, program: Program) -> Register:
        return program.emit("hour", program.clock())


@dataclass(frozen=True)
class DayOfWeek(CalendarWord):
    """0 (Monday) to 6."""

    kind = "weekday"

    @property
    def name(self) -> str:
        return "day_of_week"

    @property
    def definition(self) -> str:
        return call("day_of_week")

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return "weekday"

    def noun(self, grammar: Grammar) -> str:
        return "the day of the week"

    def description(self, grammar: Grammar) -> str:
        return f"the day of the week of the {grammar.subject}, {grammar.clock}"

    def lower(self, program: Program) -> Register:
        return program.emit("weekday", program.clock())


@dataclass(frozen=True)
class IsNight(CalendarWord, Condition):
    """1 from the full hour `start` to the full hour `end`, else 0; also a condition."""

    kind = "hour"

    start: int
    end: int

    @property
    def name(self) -> str:
        return "is_night"

    @property
    def condition_name(self) -> str:
        return f"from_{self.start}_to_{self.end}"

    @property
    def definition(self) -> str:
        return call("is_night", str(self.start), str(self.end))

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return "flag"

    def _hours(self, grammar: Grammar) -> str:
        return f"between {self.start:02d}:00 and {self.end:02d}:00 {grammar.clock}"

    def sentence(self, grammar: Grammar, value: float) -> str:
        return f"it is {'' if value else 'not '}{self._hours(grammar)}"

    def description(self, grammar: Grammar) -> str:
        return f"whether it is {self._hours(grammar)}"

    def condition_text(self, grammar: Grammar) -> str:
        return f"{self.start:02d}:00 to {self.end:02d}:00 {grammar.clock}"

    def lower(self, program: Program) -> Register:
        return program.emit("between_hours", self.start, self.end, program.clock())

    def lower_condition(self, tests: ConditionTests) -> tuple[Any, ...]:
        return (tests.between_hours(self.start, self.end),)


@dataclass(frozen=True)
class IsWeekend(CalendarWord, Condition):
    """1 on Saturday and Sunday, else 0; also a condition."""

    kind = "weekday"

    @property
    def name(self) -> str:
        return "is_weekend"

    @property
    def condition_name(self) -> str:
        return "weekend"

    @property
    def definition(self) -> str:
        return call("is_weekend")

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return "flag"

    def sentence(self, grammar: Grammar, value: float) -> str:
        return f"it is {'' if value else 'not '}the weekend"

    def description(self, grammar: Grammar) -> str:
        return f"whether it is Saturday or Sunday, {grammar.clock}"

    def condition_text(self, grammar: Grammar) -> str:
        return "at the weekend"

    def lower(self, program: Program) -> Register:
        return program.emit("weekend_day", program.clock())

    def lower_condition(self, tests: ConditionTests) -> tuple[Any, ...]:
        return (tests.at_weekend(),)


def hour_of_day() -> HourOfDay:
    return HourOfDay()


def day_of_week() -> DayOfWeek:
    return DayOfWeek()


def is_night(start: int, end: int) -> IsNight:
    """Whether it is between two full hours (0 to 23): `is_night(22, 6)` is from 22:00 to 06:00."""
    hours = (start, end)
    if start == end or not all(isinstance(hour, int) and 0 <= hour <= 23 for hour in hours):
        raise Origin.here().error(
            f"is_night takes two different hours from 0 to 23, not {start!r} and {end!r}"
        )
    return IsNight(start, end)


def is_weekend() -> IsWeekend:
    return IsWeekend()
