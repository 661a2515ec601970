"""What every feature is: a name, an origin, and arithmetic with others."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from scoring.features.declare.origin import Origin


class NamedField(Protocol):
    """What the vocabulary needs of a field. The name is known only once the class body is done."""

    name: str

    @property
    def kind(self) -> str: ...


class Operand:
    """Anything features are computed with: it can be divided, subtracted and named."""

    def expression(self) -> "Expression":
        raise NotImplementedError

    def __truediv__(self, other: "Operand | float") -> "Arithmetic":
        return _arithmetic("/", self, other)

    def __rtruediv__(self, other: float) -> "Arithmetic":
        return _arithmetic("/", other, self)

    def __sub__(self, other: "Operand | float") -> "Arithmetic":
        return _arithmetic("-", self, other)

    def __rsub__(self, other: float) -> "Arithmetic":
        return _arithmetic("-", other, self)

    def named(self, name: str, says: str = "") -> "Named":
        """The same feature under its own name; `says` words it in reasons ("{value}": the value)."""
        return Named(self.expression(), name, says)


class Expression(Operand):
    """A feature. `name` is stable: models, reasons and dashboards know the feature by it."""

    origin: Origin

    def expression(self) -> "Expression":
        return self

    @property
    def name(self) -> str:
        raise NotImplementedError


def _arithmetic(operator: str, left: Operand | float, right: Operand | float) -> "Arithmetic":
    return Arithmetic(operator, as_expression(left), as_expression(right))


def as_expression(value: "Operand | float | Several") -> Expression:
    """What stands in arithmetic: a feature, a field, or a number."""
    if isinstance(value, Operand):
        return value.expression()
    if isinstance(value, Several):
        raise Origin.here().error("an expression needs one window; this one has several")
    return Constant(float(value))


@dataclass(frozen=True)
class Named(Expression):
    inner: Expression
    own_name: str
    says: str = ""
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return self.own_name


@dataclass(frozen=True)
class Constant(Expression):
    value: float
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.value:g}"


@dataclass(frozen=True)
class Arithmetic(Expression):
    """left / right or left - right; NaN where a side is missing or the divisor is 0."""

    operator: str
    left: Expression
    right: Expression
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.left.name}_{'to' if self.operator == '/' else 'minus'}_{self.right.name}"


class Several(Sequence[Expression]):
    """The same word over several windows: as many features."""

    def __init__(self, members: list[Expression]) -> None:
        self._members = members

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self._members[index]

    def __len__(self) -> int:
        return len(self._members)

    def __truediv__(self, other: Operand | float) -> "Several":
        return Several([member / other for member in self._members])

    def __rtruediv__(self, other: Operand | float) -> "Several":
        return Several([_arithmetic("/", other, member) for member in self._members])


def one_or_several(members: list[Expression]) -> Expression:
    """One window: the feature itself, ready for arithmetic. Several: a sequence, declared as one line."""
    return members[0] if len(members) == 1 else cast(Expression, Several(members))


def iter_features(declared: Sequence[object]) -> Iterator[Expression]:
    """The features of an event type one by one, in order; fields stand for their own value."""
    for entry in declared:
        if isinstance(entry, Several):
            yield from entry
        elif isinstance(entry, Operand):
            yield entry.expression()
        else:
            raise Origin.here().error(f"{entry!r} is not a feature")
