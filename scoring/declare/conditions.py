"""Conditions on the events that a feature counts: `where=amount.below(5) & channel.is_("web")`.

They are methods, not `<` and `==`: a field that redefined `==` could not be a dictionary key, and `&` binds
more tightly than `<`.
"""

import math
import re
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, cast

from scoring.declare.canonical import call, literal, plain_number
from scoring.declare.origin import Origin
from scoring.declare.protocols.fields import NamedField
from scoring.declare.protocols.grammar import Grammar
from scoring.declare.spelling import words_of


class ConditionTests(Protocol):
    """The kernel's tests of one event type's events; `scoring.features` implements them.

    The first two raise CatalogError, quoting the condition's `text`, for a field that has no such values.
    """

    def compare(self, name: str, operator: str, bound: float, *, text: str) -> Any:
        """A number, or an amount in units of the base currency, against a constant."""
        ...

    def one_of(self, name: str, values: tuple[str | bool, ...], *, text: str) -> Any:
        """A category or flag has one of these values."""
        ...

    def between_hours(self, start: int, end: int) -> Any:
        """The event occurred from the full hour `start` to the full hour `end`, in the set's time zone."""
        ...

    def at_weekend(self) -> Any:
        """The event occurred on a Saturday or Sunday, in the set's time zone."""
        ...


class Condition:
    """Holds for an event or not. It does not hold for an event that lacks a field it reads.

    `condition_name` is its part of a feature's name, `definition` its canonical text.
    """

    @property
    def condition_name(self) -> str:
        raise NotImplementedError

    @property
    def definition(self) -> str:
        raise NotImplementedError

    def condition_text(self, grammar: Grammar) -> str:
        """In plain words: "amount below 5.00 USD"."""
        raise NotImplementedError

    def lower_condition(self, tests: ConditionTests) -> tuple[Any, ...]:
        """The tests that an event has to pass, all of them."""
        raise NotImplementedError

    def __and__(self, other: "Condition | Choosable") -> "AllOf":
        return AllOf((*_members(self), *_members(as_condition(other, Origin.here()))))

    def __bool__(self) -> bool:
        raise Origin.here().error(
            "conditions are joined with &, not with 'and'; there is no 'or' and no 'not'"
        )


def as_condition(value: object, origin: Origin) -> Condition:
    """A condition; a flag stands for "is set". Raises CatalogError at `origin` for anything else."""
    if isinstance(value, Condition):
        return value
    if isinstance(value, Choosable) and value.is_flag:
        return value.is_(True)
    shown = repr(value) if isinstance(value, (str, int, float)) else f"a {type(value).__name__}"
    raise origin.error(
        f"{shown} is not a condition; write for example amount.below(5), channel.is_('web'), or a flag"
    )


def optional_condition(where: "Where", origin: Origin) -> Condition | None:
    """The condition of a `where=`. Raises CatalogError at `origin` for anything but a condition or a flag."""
    return None if where is None else as_condition(where, origin)


def where_definition(where: Condition | None) -> str:
    """A condition's canonical text; empty without one."""
    return "" if where is None else where.definition


def where_clause(grammar: Grammar, where: Condition | None) -> str:
    """A condition in parentheses, after a space; empty without one."""
    return "" if where is None else f" ({where.condition_text(grammar)})"


@dataclass(frozen=True)
class FieldComparison(Condition):
    """A number, or an amount in units of the base currency, against a constant."""

    hashed_as: ClassVar[str] = "Comparison"  # what set hashes know it by

    field: NamedField
    operator: str  # "below", "at_most", "above", "at_least"
    bound: float

    @property
    def condition_name(self) -> str:
        sign = "minus_" if self.bound < 0 else ""
        return _as_identifier(f"{self.field.name}_{self.operator}_{sign}{plain_number(abs(self.bound))}")

    @property
    def definition(self) -> str:
        return call(f"{self.field.name}.{self.operator}", plain_number(self.bound))

    def condition_text(self, grammar: Grammar) -> str:
        bound = grammar.bound(self.field, self.bound)
        return f"{words_of(self.field.name)} {words_of(self.operator)} {bound}"

    def lower_condition(self, tests: ConditionTests) -> tuple[Any, ...]:
        return (tests.compare(self.field.name, self.operator, self.bound, text=self.definition),)


@dataclass(frozen=True)
class OneOf(Condition):
    """A category or a flag has one of these values."""

    field: NamedField
    values: tuple[str | bool, ...]

    @property
    def condition_name(self) -> str:
        if self.values == (True,):
            return self.field.name
        if self.values == (False,):
            return f"not_{self.field.name}"
        return _as_identifier(f"{self.field.name}_is_{'_or_'.join(map(str, self.values))}")

    @property
    def definition(self) -> str:
        if self.values == (True,):
            return self.field.name
        return call(f"{self.field.name}.is_", *map(literal, self.values))

    def condition_text(self, grammar: Grammar) -> str:
        name = words_of(self.field.name)
        if isinstance(self.values[0], bool):
            return name if self.values[0] else f"not {name}"
        return f"{name} {' or '.join(str(value) for value in self.values)}"

    def lower_condition(self, tests: ConditionTests) -> tuple[Any, ...]:
        return (tests.one_of(self.field.name, self.values, text=self.definition),)


@dataclass(frozen=True)
class AllOf(Condition):
    """Each of these conditions."""

    parts: tuple[Condition, ...]

    @property
    def condition_name(self) -> str:
        return "_and_".join(part.condition_name for part in self.parts)

    @property
    def definition(self) -> str:
        return " & ".join(part.definition for part in self.parts)

    def condition_text(self, grammar: Grammar) -> str:
        return ", ".join(part.condition_text(grammar) for part in self.parts)

    def lower_condition(self, tests: ConditionTests) -> tuple[Any, ...]:
        return tuple(test for part in self.parts for test in part.lower_condition(tests))


def _members(condition: Condition) -> tuple[Condition, ...]:
    return condition.parts if isinstance(condition, AllOf) else (condition,)


def _as_identifier(text: str) -> str:
    """Text as a part of a name: characters that names cannot hold become "_"."""
    return re.sub(r"\W+", "_", text).strip("_")


class Comparable:
    """A field whose values compare with a number: amounts in units of the base currency."""

    def below(self, bound: float) -> FieldComparison:
        return self._compare("below", bound)

    def at_most(self, bound: float) -> FieldComparison:
        return self._compare("at_most", bound)

    def above(self, bound: float) -> FieldComparison:
        return self._compare("above", bound)

    def at_least(self, bound: float) -> FieldComparison:
        return self._compare("at_least", bound)

    def _compare(self, operator: str, bound: float) -> FieldComparison:
        number = isinstance(bound, (int, float)) and not isinstance(bound, bool)
        if not number or not math.isfinite(bound):
            raise Origin.here().error(f"{operator}() compares with a number, not with {bound!r}")
        whole = int(bound) == bound  # 5 and 5.0 are one condition, and make one hash
        return FieldComparison(cast(NamedField, self), operator, int(bound) if whole else bound)


class Choosable:
    """A field whose values are names or True and False: a category or a flag."""

    is_flag = False

    def is_(self, *values: str | bool) -> OneOf:
        wanted = bool if self.is_flag else str
        wrong = [value for value in values if not isinstance(value, wanted)]
        if wrong or not values:
            allowed = "True or False" if self.is_flag else "one or more names"
            raise Origin.here().error(
                f"is_() takes {allowed}, not {', '.join(map(repr, wrong)) or 'nothing'}"
            )
        return OneOf(cast(NamedField, self), values)

    def __and__(self, other: "Condition | Choosable") -> AllOf:
        return as_condition(self, Origin.here()) & other


Where = Condition | Choosable | None
