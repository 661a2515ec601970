"""Compiles a rule's expression against what exists now: the operands of its event type, lists and banks."""

from collections.abc import Iterator
from dataclasses import dataclass

from scoring.catalog.registry import scored_type
from scoring.rules.banks.definitions import BankDefinitions, current_bank_definitions, open_banks
from scoring.rules.banks.kinds import carries_media
from scoring.rules.expressions.compiling import CompiledExpression, compile_expression
from scoring.rules.expressions.errors import ExpressionInvalid
from scoring.rules.expressions.operands import KnownList, Operands, operands_of
from scoring.rules.lists.definitions import Definitions, current_definitions
from scoring.rules.rules.errors import FieldProblem, InvalidRule

TAG = "tag"  # the action of lists whose values are tags


@dataclass(frozen=True, slots=True)
class Nameable:
    """The lists and hash banks that expressions may name; archived ones are ignored."""

    lists: Definitions
    banks: BankDefinitions


def nameable_now() -> Nameable:
    return Nameable(current_definitions(), current_bank_definitions())


def operands_now(event_type: str, nameable: Nameable | None = None) -> Operands:
    """What a new rule may use: the operands of the event type, and the lists and banks that are not archived.

    `nameable`: take these for all that there are. Raises UnknownEventType, EventTypeNotScored.
    """
    defined = nameable_now() if nameable is None else nameable
    known = [
        KnownList(each.name, each.kind, tag=each.action == TAG)
        for each in defined.lists.values()
        if not each.archived
    ]
    banks = open_banks(defined.banks) if carries_media(scored_type(event_type)) else ()
    return operands_of(event_type, lists=known, banks=[each.name for each in banks])


def compile_draft(text: str, event_type: str, nameable: Nameable | None = None) -> CompiledExpression:
    """A draft's expression, compiled. Raises ExpressionInvalid, UnknownEventType, EventTypeNotScored."""
    return compile_expression(text, operands_now(event_type, nameable))


def expression_problems(
    text: str, event_type: str, nameable: Nameable | None = None
) -> Iterator[FieldProblem]:
    """The problems of a draft's expression, each with its place. `nameable` as for `operands_now`."""
    try:
        compile_draft(text, event_type, nameable)
    except ExpressionInvalid as error:
        for each in error.problems:
            yield "expression", f"line {each.line}, column {each.column}: {each.message}", each.allowed


def check_expression(text: str, event_type: str, nameable: Nameable | None = None) -> None:
    """Raises InvalidRule for an expression that cannot be evaluated, or names what no longer exists."""
    if problems := list(expression_problems(text, event_type, nameable)):
        raise InvalidRule(problems)
