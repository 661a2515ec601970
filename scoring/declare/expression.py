"""Expressions: features, and arithmetic with them."""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from scoring.declare.canonical import literal, plain_number
from scoring.declare.comparisons import compare_sides, side_of, standard_score
from scoring.declare.lowering import Program, Register
from scoring.declare.origin import Origin
from scoring.declare.protocols.fields import NamedField
from scoring.declare.protocols.grammar import Grammar
from scoring.declare.signals import (
    ADDRESS_SIGNALS,
    EMAIL_SIGNALS,
    LINK_SIGNALS,
    MEDIA_SIGNALS,
    PHONE_SIGNALS,
    TEXT_SIGNALS,
    USER_AGENT_SIGNALS,
)
from scoring.declare.usual import One, Usual
from scoring.declare.word import Word


def check_field(value: object) -> None:
    """Raises CatalogError for anything but a field of an event type."""
    if isinstance(value, (str, int, float, Expression)) or not hasattr(value, "kind"):
        shown = "a feature" if isinstance(value, Expression) else repr(value)
        raise Origin.here().error(f"{shown} is not a field")


# The fields that have each signal, for messages about fields that do not.
_SIGNALS_OF = {
    "Text": TEXT_SIGNALS,
    "Email": EMAIL_SIGNALS,
    "Phone": PHONE_SIGNALS,
    "IpAddress": ADDRESS_SIGNALS,
    "UserAgent": USER_AGENT_SIGNALS,
    "Attachments": MEDIA_SIGNALS,
    "Links": LINK_SIGNALS,
}


class Operand:
    """Anything that features are computed with. It can be added, subtracted, multiplied, divided, named."""

    def expression(self) -> "Expression":
        raise NotImplementedError

    def __getattr__(self, word: str) -> None:
        if having := [name for name, signals in _SIGNALS_OF.items() if word in signals]:
            shown = "a feature" if isinstance(self, Expression) else f"a {type(self).__name__}"
            fields = " or ".join(having)
            raise Origin.here().error(f"only a {fields} field has {word!r}, not {shown}")
        raise AttributeError(word)

    def __add__(self, other: "Operand | float") -> "Arithmetic":
        return arithmetic("+", self, other)

    def __radd__(self, other: float) -> "Arithmetic":
        return arithmetic("+", other, self)

    def __sub__(self, other: "Operand | float") -> "Arithmetic":
        return arithmetic("-", self, other)

    def __rsub__(self, other: float) -> "Arithmetic":
        return arithmetic("-", other, self)

    def __mul__(self, other: "Operand | float") -> "Arithmetic":
        return arithmetic("*", self, other)

    def __rmul__(self, other: float) -> "Arithmetic":
        return arithmetic("*", other, self)

    def __truediv__(self, other: "Operand | float") -> "Arithmetic":
        return arithmetic("/", self, other)

    def __rtruediv__(self, other: float) -> "Arithmetic":
        return arithmetic("/", other, self)

    def named(self, name: str, says: str = "") -> "Named":
        """The same feature under another name; `says` is its sentence in reasons, with "{value}" in it."""
        _check_says(says)
        return Named(self.expression(), name, says)

    def owned_by(self, owner: str) -> "Expression":
        """The same feature with an owner other than the event type's."""
        return dataclasses.replace(self.expression(), owner=owner)


@dataclass(frozen=True)
class Expression(Word, Operand):
    """A feature. `name` is stable: models, reasons and dashboards know the feature by it.

    Evaluated among the fields of its event type, `definition` gives an equal expression.
    """

    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False, kw_only=True)
    owner: str = dataclasses.field(default="", compare=False, repr=False, kw_only=True)

    def expression(self) -> "Expression":
        return self

    @property
    def plain(self) -> "Expression":
        """The feature without the name that its declaration gives it."""
        return self


def arithmetic(operator: str, left: object, right: object) -> "Arithmetic":
    """`left operator right`. Raises CatalogError for a side that is not an operand."""
    return Arithmetic(operator, as_expression(left), as_expression(right))


def as_expression(value: object) -> Expression:
    """An operand of arithmetic as an expression: a feature, a field or a number."""
    if hasattr(type(value), "expression"):  # of an instance, an entity would take it for a field
        return cast(Operand, value).expression()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Origin.here().error(f"{value!r} is not a feature, a field or a number")
    return Constant(float(value))


def _check_says(says: str) -> None:
    """Raises CatalogError for a sentence that no value could be put into."""
    try:
        says.format(value="1")
    except (LookupError, ValueError, AttributeError) as error:
        raise Origin.here().error(f"says={says!r} may contain {{value}} and no other placeholder") from error


@dataclass(frozen=True)
class Named(Expression):
    """Another feature under a name of its own, which changes nothing else; `inner` is never named itself."""

    inner: Expression
    own_name: str
    says: str = ""

    @property
    def name(self) -> str:
        return self.own_name

    @property
    def definition(self) -> str:
        return f"{_within(self.inner)}.named({literal(self.own_name)})"

    def named(self, name: str, says: str = "") -> "Named":
        return dataclasses.replace(self.inner.named(name, says), owner=self.owner)

    @property
    def plain(self) -> Expression:
        return self.inner

    @property
    def kind(self) -> str:
        return self.inner.kind

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return self.inner.unit(fields)

    @property
    def own_field(self) -> str:
        return self.inner.own_field

    @property
    def has_codes(self) -> bool:
        return self.inner.has_codes

    @property
    def help_text(self) -> str:
        return self.inner.help_text

    @property
    def statistic(self) -> str:
        return self.inner.statistic

    @property
    def mean_of(self) -> str:
        return self.inner.mean_of

    @property
    def difference(self) -> tuple[Word, Word] | None:
        return self.inner.difference

    def description(self, grammar: Grammar) -> str:
        return self.inner.description(grammar)

    def may_be_missing(self, grammar: Grammar) -> bool:
        return self.inner.may_be_missing(grammar)

    def usual(self) -> Usual | None:
        return self.inner.usual()

    def lower(self, program: Program) -> Register:
        return self.inner.lower(program)


@dataclass(frozen=True)
class Constant(Expression):
    """A number in arithmetic."""

    kind = "value"

    value: float

    @property
    def name(self) -> str:
        return f"{self.value:g}"

    @property
    def definition(self) -> str:
        return plain_number(self.value)

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return "number"

    def noun(self, grammar: Grammar) -> str:
        return f"{self.value:g}"

    def description(self, grammar: Grammar) -> str:
        return f"{self.value:g}"

    def lower(self, program: Program) -> Register:
        return program.constant(self.value)


@dataclass(frozen=True)
class Operator:
    """What an operator is called in names, kinds, nouns, descriptions and programs."""

    in_name: str
    kind: str
    in_noun: str
    in_description: str
    operation: str


_OPERATORS: Mapping[str, Operator] = {
    "+": Operator("plus", "sum of two", "plus", "plus", "add"),
    "-": Operator("minus", "difference", "minus", "less", "subtract"),
    "*": Operator("times", "product", "times", "times", "multiply"),
    "/": Operator("to", "ratio", "divided by", "divided by", "divide"),
}


@dataclass(frozen=True)
class Arithmetic(Expression):
    """left + - * / right; NaN where a side is missing or the divisor is 0."""

    operator: str
    left: Expression
    right: Expression

    @property
    def name(self) -> str:
        return f"{self.left.name}_{self._words.in_name}_{self.right.name}"

    @property
    def definition(self) -> str:
        return f"{_within(self.left)} {self.operator} {_within(self.right)}"

    @property
    def _words(self) -> Operator:
        return _OPERATORS[self.operator]

    @property
    def kind(self) -> str:
        return self._words.kind

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        """A sum has the unit of its terms; a product has one where the other factor is a number."""
        if self.operator == "/":
            return "ratio"
        sides = [side for side in (self.left, self.right) if not isinstance(side, Constant)]
        if self.operator == "*" and len(sides) == 2:
            return "number"
        return sides[0].unit(fields) if sides else "number"

    @property
    def compares(self) -> bool:
        """Whether its sentence compares the sides, instead of naming their sum or product."""
        return self.operator in "-/" and Constant not in (type(self.left), type(self.right))

    @property
    def has_side(self) -> bool:
        """Whether a value is stated as above or below the other side."""
        score = standard_score(self.operator, self.left, self.right)
        return self.compares and (self.operator == "-" or score is not None)

    @property
    def difference(self) -> tuple[Word, Word] | None:
        return (self.left, self.right) if self.operator == "-" else None

    def noun(self, grammar: Grammar) -> str:
        return f"{self.left.noun(grammar)} {self._words.in_noun} {self.right.noun(grammar)}"

    def sentence(self, grammar: Grammar, value: float) -> str:
        if self.compares:
            return compare_sides(grammar, self.operator, self.left, self.right, value)
        shown = "not known" if math.isnan(value) else grammar.value(value)
        return f"{self.noun(grammar)} is {shown}"

    def usual_text(self, grammar: Grammar, usual: float) -> str:
        if self.has_side:
            return f"{grammar.value(abs(usual))} {side_of(usual)}"
        return super().usual_text(grammar, usual)

    def description(self, grammar: Grammar) -> str:
        left, right = self.left.description(grammar), self.right.description(grammar)
        return f"{left}, {self._words.in_description} {right}"

    def without_past(self, grammar: Grammar) -> str:
        return "missing if either side is missing" + (" or the divisor is 0" if self.operator == "/" else "")

    def usual(self) -> Usual | None:
        """1 for a field divided by its mean over all counted events; a mean over some of them is no norm."""
        own = self.left.own_field
        return One(self) if self.operator == "/" and own and own == self.right.mean_of else None

    def lower(self, program: Program) -> Register:
        for side in (self.left, self.right):
            if side.has_codes:  # each model has its own, filled in after the lane's values are computed
                raise self.origin.error(
                    f"{side.own_field} is a category; arithmetic with its codes is meaningless"
                )
            if side.plain.filled_by_model:
                raise self.origin.error(f"{side.name} is computed by each model; arithmetic cannot use it")
        left, right = self.left.lower(program), self.right.lower(program)
        return program.emit(self._words.operation, left, right)


def _within(part: Expression) -> str:
    text = part.definition
    return f"({text})" if isinstance(part, Arithmetic) else text


def parts_of(feature: Expression) -> Iterator[Expression]:
    """The feature and everything that it is computed from."""
    yield feature
    for each in dataclasses.fields(feature):
        part = getattr(feature, each.name)
        if isinstance(part, Expression):
            yield from parts_of(part)
