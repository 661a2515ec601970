"""What has to hold of an event for a feature to count it: `where=amount.below(5) & channel.is_("web")`.

Conditions are methods, not `<` and `==`: a field that redefined `==` could be no key of a dictionary, and `&`
binds closer than `<`.
"""

import math
import re
from dataclasses import dataclass
from typing import cast

from scoring.declare.expression import NamedField, call, literal, plain_number
from scoring.declare.origin import Origin


class Condition:
    """Holds of an event or not; a field that it asks about and the event lacks makes it not hold.

    `condition_name` is its part of a feature's name, `definition` its canonical words.
    """

    @property
    def condition_name(self) -> str:
        raise NotImplementedError

    @property
    def definition(self) -> str:
        raise NotImplementedError

    def __and__(self, other: "Condition | Choosable") -> "AllOf":
        return AllOf((*_members(self), *_members(as_condition(other, Origin.here()))))

    def __bool__(self) -> bool:
        raise Origin.here().error(
            "conditions are joined with &, not with 'and'; there is no 'or' and no 'not'"
        )


def as_condition(value: object, origin: Origin) -> Condition:
    """A condition, or a flag: that it is set. Raises CatalogError at `origin` for anything else."""
    if isinstance(value, Condition):
        return value
    if isinstance(value, Choosable) and value.is_flag:
        return value.is_(True)
    shown = repr(value) if isinstance(value, (str, int, float)) else f"a {type(value).__name__}"
    raise origin.error(
        f"{shown} is not a condition; write for example amount.below(5), channel.is_('web'), or a flag"
    )


@dataclass(frozen=True)
class Comparison(Condition):
    """A number, or an amount in units of the base currency, against a constant."""

    field: NamedField
    operator: str  # "below", "at_most", "above", "at_least"
    bound: float

    @property
    def condition_name(self) -> str:
        sign = "minus_" if self.bound < 0 else ""
        return _word(f"{self.field.name}_{self.operator}_{sign}{plain_number(abs(self.bound))}")

    @property
    def definition(self) -> str:
        return call(f"{self.field.name}.{self.operator}", plain_number(self.bound))


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
        return _word(f"{self.field.name}_is_{'_or_'.join(map(str, self.values))}")

    @property
    def definition(self) -> str:
        if self.values == (True,):
            return self.field.name
        return call(f"{self.field.name}.is_", *map(literal, self.values))


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


def _members(condition: Condition) -> tuple[Condition, ...]:
    return condition.parts if isinstance(condition, AllOf) else (condition,)


def _word(text: str) -> str:
    """Text as a part of a name: what names cannot hold becomes "_"."""
    return re.sub(r"\W+", "_", text).strip("_")


class Comparable:
    """A field whose values compare with a number: amounts in units of the base currency."""

    def below(self, bound: float) -> Comparison:
        return self._compare("below", bound)

    def at_most(self, bound: float) -> Comparison:
        return self._compare("at_most", bound)

    def above(self, bound: float) -> Comparison:
        return self._compare("above", bound)

    def at_least(self, bound: float) -> Comparison:
        return self._compare("at_least", bound)

    def _compare(self, operator: str, bound: float) -> Comparison:
        number = isinstance(bound, (int, float)) and not isinstance(bound, bool)
        if not number or not math.isfinite(bound):
            raise Origin.here().error(f"{operator}() compares with a number, not with {bound!r}")
        whole = int(bound) == bound  # 5 and 5.0 are one condition, and make one hash
        return Comparison(cast(NamedField, self), operator, int(bound) if whole else bound)


class Choosable:
    """A field whose values are told apart by name: a category, or a flag."""

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
