"""Leaves out expressions that cannot match an event, several at a time: each call of the engine takes time.

CEL's `||` is true if a side is true, whatever the others are, and an error or unknown if a side that is not
false has no value. So where a disjunction is false, each of its sides is false, and none of them failed.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scoring.rules.expressions.compiling import CompiledExpression, compile_rewritten

GROUP_SIZE = 8  # more rule out more at once, but then one that may match brings more others with it


@dataclass(frozen=True, slots=True, eq=False)
class ExpressionGroup:
    """Expressions of one event type, and their disjunction. `places`: of each in the caller's sequence."""

    places: tuple[int, ...]
    disjunction: Any

    def may_match(self, activation: Any) -> bool:
        """False if none of the expressions matches the event of an activation, and none fails on it."""
        try:
            return self.disjunction.eval(activation).value() is not False
        except (RuntimeError, TypeError, ValueError):
            return True  # each expression then reports its own error


def group_expressions(expressions: Sequence[CompiledExpression]) -> tuple[ExpressionGroup, ...]:
    """Groups of expressions; those that read the same values, which an event may lack, are together."""
    order = sorted(range(len(expressions)), key=lambda place: sorted(expressions[place].operands))
    return tuple(
        _group(expressions, tuple(order[start : start + GROUP_SIZE]))
        for start in range(0, len(order), GROUP_SIZE)
    )


def places_to_ask(
    groups: Sequence[ExpressionGroup], activation: Any, *, among: Collection[int] | None = None
) -> Iterator[int]:
    """The places of the expressions that may match, in order. `among`: all others are known to be false."""
    found: list[int] = []
    for group in groups:
        places = group.places if among is None else [place for place in group.places if place in among]
        # Asking about one expression costs no more than about its group.
        if len(places) == 1 or (places and group.may_match(activation)):
            found += places
    return iter(sorted(found))


def _group(expressions: Sequence[CompiledExpression], places: tuple[int, ...]) -> ExpressionGroup:
    members = [expressions[place] for place in places]
    variables = {name: kind for each in members for name, kind in each.variables.items()}
    disjunction = " || ".join(f"({each.rewritten})" for each in members)
    return ExpressionGroup(places, compile_rewritten(disjunction, variables))
