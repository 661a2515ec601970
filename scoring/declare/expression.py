"""What every feature is: a name, an origin, its own words, and arithmetic with others."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast, overload

from scoring.declare.origin import Origin
from scoring.declare.signals import SIGNALS


class NamedField(Protocol):
    """What the vocabulary needs of a field. The name is known only once the class body is done."""

    name: str

    @property
    def kind(self) -> str: ...


def check_field(value: object) -> None:
    """Raises CatalogError for what is no field of an event type."""
    if isinstance(value, (str, int, float, Expression)) or not hasattr(value, "kind"):
        shown = "a feature" if isinstance(value, Expression) else repr(value)
        raise Origin.here().error(f"{shown} is not a field")


class Operand:
    """Anything features are computed with: added, subtracted, multiplied, divided, named."""

    def expression(self) -> "Expression":
        raise NotImplementedError

    def __getattr__(self, word: str) -> None:
        if word in SIGNALS:
            shown = "a feature" if isinstance(self, Expression) else f"a {type(self).__name__}"
            raise Origin.here().error(f"{word!r} is a word for a Text field, not for {shown}")
        raise AttributeError(word)

    def __add__(self, other: "Operand | float") -> "Arithmetic":
        return _arithmetic("+", self, other)

    def __radd__(self, other: float) -> "Arithmetic":
        return _arithmetic("+", other, self)

    def __sub__(self, other: "Operand | float") -> "Arithmetic":
        return _arithmetic("-", self, other)

    def __rsub__(self, other: float) -> "Arithmetic":
        return _arithmetic("-", other, self)

    def __mul__(self, other: "Operand | float") -> "Arithmetic":
        return _arithmetic("*", self, other)

    def __rmul__(self, other: float) -> "Arithmetic":
        return _arithmetic("*", other, self)

    def __truediv__(self, other: "Operand | float") -> "Arithmetic":
        return _arithmetic("/", self, other)

    def __rtruediv__(self, other: float) -> "Arithmetic":
        return _arithmetic("/", other, self)

    def named(self, name: str, says: str = "") -> "Named":
        """The same feature under its own name; `says` words it in reasons ("{value}": the value)."""
        _check_says(says)
        return Named(self.expression(), name, says)

    def owned_by(self, owner: str) -> "Expression":
        """The same feature, answered for by someone else than the event type's owner."""
        return dataclasses.replace(self.expression(), owner=owner)


@dataclass(frozen=True)
class Expression(Operand):
    """A feature. `name` is stable: models, reasons and dashboards know the feature by it.

    `definition` is the declaration in canonical words: evaluated among the fields of its event type, it
    gives an equal expression.
    """

    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False, kw_only=True)
    owner: str = dataclasses.field(default="", compare=False, repr=False, kw_only=True)

    def expression(self) -> "Expression":
        return self

    @property
    def name(self) -> str:
        raise NotImplementedError

    @property
    def definition(self) -> str:
        raise NotImplementedError


def _arithmetic(operator: str, left: Operand | float, right: Operand | float) -> "Arithmetic":
    return Arithmetic(operator, as_expression(left), as_expression(right))


def as_expression(value: "Operand | float | Several") -> Expression:
    """What stands in arithmetic: a feature, a field, or a number."""
    if isinstance(value, Operand):
        return value.expression()
    if isinstance(value, Several):
        raise Origin.here().error("an expression needs one window; this one has several")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Origin.here().error(f"{value!r} is neither a feature nor a field nor a number")
    return Constant(float(value))


def plain_number(value: float) -> str:
    """A number as people write it: 5, not 5.0."""
    return repr(int(value) if value == int(value) else value)


def literal(value: str | bool) -> str:
    """A name in double quotes, or True or False."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def call(word: str, *arguments: str, **options: str) -> str:
    """The text of a call; options without a value are left out."""
    given = [f"{name}={value}" for name, value in options.items() if value]
    return f"{word}({', '.join([*arguments, *given])})"


def _check_says(says: str) -> None:
    """Raises CatalogError for what could not be worded once there is a value."""
    try:
        says.format(value="1")
    except (LookupError, ValueError, AttributeError) as error:
        raise Origin.here().error(f"says={says!r} has a place for {{value}} and for nothing else") from error


@dataclass(frozen=True)
class Named(Expression):
    """Another feature under a name of its own; `inner` is never named itself."""

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


@dataclass(frozen=True)
class Constant(Expression):
    value: float

    @property
    def name(self) -> str:
        return f"{self.value:g}"

    @property
    def definition(self) -> str:
        return plain_number(self.value)


_OPERATORS: Mapping[str, str] = {"+": "plus", "-": "minus", "*": "times", "/": "to"}


@dataclass(frozen=True)
class Arithmetic(Expression):
    """left + - * / right; NaN where a side is missing or the divisor is 0."""

    operator: str
    left: Expression
    right: Expression

    @property
    def name(self) -> str:
        return f"{self.left.name}_{_OPERATORS[self.operator]}_{self.right.name}"

    @property
    def definition(self) -> str:
        return f"{_within(self.left)} {self.operator} {_within(self.right)}"


def _within(part: Expression) -> str:
    text = part.definition
    return f"({text})" if isinstance(part, Arithmetic) else text


class Several(Sequence[Expression]):
    """The same word over several windows: as many features."""

    def __init__(self, members: list[Expression]) -> None:
        self._members = members

    @overload
    def __getitem__(self, index: int) -> Expression: ...
    @overload
    def __getitem__(self, index: slice) -> "Several": ...
    def __getitem__(self, index: int | slice) -> "Expression | Several":
        return Several(self._members[index]) if isinstance(index, slice) else self._members[index]

    def __len__(self) -> int:
        return len(self._members)

    def __add__(self, other: Operand | float) -> "Several":
        return self._each(lambda member: member + other)

    def __radd__(self, other: Operand | float) -> "Several":
        return self._each(lambda member: _arithmetic("+", other, member))

    def __sub__(self, other: Operand | float) -> "Several":
        return self._each(lambda member: member - other)

    def __rsub__(self, other: Operand | float) -> "Several":
        return self._each(lambda member: _arithmetic("-", other, member))

    def __mul__(self, other: Operand | float) -> "Several":
        return self._each(lambda member: member * other)

    def __rmul__(self, other: Operand | float) -> "Several":
        return self._each(lambda member: _arithmetic("*", other, member))

    def __truediv__(self, other: Operand | float) -> "Several":
        return self._each(lambda member: member / other)

    def __rtruediv__(self, other: Operand | float) -> "Several":
        return self._each(lambda member: _arithmetic("/", other, member))

    def owned_by(self, owner: str) -> "Several":
        return self._each(lambda member: member.owned_by(owner))

    def named(self, name: str, says: str = "") -> Named:
        raise Origin.here().error(f"{name!r} cannot name several features: declare one window at a time")

    def _each(self, change: Callable[[Expression], Expression]) -> "Several":
        return Several([change(member) for member in self._members])


def one_or_several(members: list[Expression]) -> Expression:
    """One window: the feature itself, ready for arithmetic. Several: a sequence, declared as one line."""
    return members[0] if len(members) == 1 else cast(Expression, Several(members))


def iter_features(declared: Sequence[object], origin: Origin) -> Iterator[Expression]:
    """The features of an event type one by one, in order; fields stand for their own value.

    Raises CatalogError, at the event type's `origin`, for an entry that is neither.
    """
    for entry in declared:
        if isinstance(entry, Several):
            yield from entry
        elif isinstance(entry, Operand):
            yield entry.expression()
        else:
            raise origin.error(f"{entry!r} is not a feature")
