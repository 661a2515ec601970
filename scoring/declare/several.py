"""One word over several windows, declared in one line."""

from collections.abc import Callable, Iterator, Sequence
from typing import cast, overload

from scoring.declare.expression import Expression, Named, Operand, arithmetic
from scoring.declare.origin import Origin


class SeveralFeatures(Sequence[Expression]):
    """One word over several windows: one feature for each window."""

    def __init__(self, members: list[Expression]) -> None:
        self._members = members

    @overload
    def __getitem__(self, index: int) -> Expression: ...
    @overload
    def __getitem__(self, index: slice) -> "SeveralFeatures": ...
    def __getitem__(self, index: int | slice) -> "Expression | SeveralFeatures":
        return SeveralFeatures(self._members[index]) if isinstance(index, slice) else self._members[index]

    def __len__(self) -> int:
        return len(self._members)

    def __add__(self, other: Operand | float) -> "SeveralFeatures":
        return self._each(lambda member: member + other)

    def __radd__(self, other: Operand | float) -> "SeveralFeatures":
        return self._each(lambda member: arithmetic("+", other, member))

    def __sub__(self, other: Operand | float) -> "SeveralFeatures":
        return self._each(lambda member: member - other)

    def __rsub__(self, other: Operand | float) -> "SeveralFeatures":
        return self._each(lambda member: arithmetic("-", other, member))

    def __mul__(self, other: Operand | float) -> "SeveralFeatures":
        return self._each(lambda member: member * other)

    def __rmul__(self, other: Operand | float) -> "SeveralFeatures":
        return self._each(lambda member: arithmetic("*", other, member))

    def __truediv__(self, other: Operand | float) -> "SeveralFeatures":
        return self._each(lambda member: member / other)

    def __rtruediv__(self, other: Operand | float) -> "SeveralFeatures":
        return self._each(lambda member: arithmetic("/", other, member))

    def owned_by(self, owner: str) -> "SeveralFeatures":
        return self._each(lambda member: member.owned_by(owner))

    def named(self, name: str, says: str = "") -> Named:
        raise Origin.here().error(f"{name!r} cannot name several features; declare one window at a time")

    def expression(self) -> Expression:
        raise Origin.here().error("arithmetic takes one window; declare each window separately")

    def _each(self, change: Callable[[Expression], Expression]) -> "SeveralFeatures":
        return SeveralFeatures([change(member) for member in self._members])


def one_or_several(members: list[Expression]) -> Expression:
    """For one window the feature itself, ready for arithmetic; for several, all of them, in one line."""
    return members[0] if len(members) == 1 else cast(Expression, SeveralFeatures(members))


def iter_features(declared: Sequence[object], origin: Origin) -> Iterator[Expression]:
    """The features of an event type one by one, in order; a field means its own value.

    Raises CatalogError at the event type's `origin` for any other entry.
    """
    for entry in declared:
        if isinstance(entry, SeveralFeatures):
            yield from entry
        elif isinstance(entry, Operand):
            yield entry.expression()
        else:
            raise origin.error(f"{entry!r} is not a feature")
