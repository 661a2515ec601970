"""Compiles a rule's expression against what exists now: the operands of its event type, lists and banks."""

from collections.abc import Iterator

from scoring.catalog.registry import scored_type
from scoring.rules.banks.definitions import current_bank_definitions
from scoring.rules.banks.index import open_banks
from scoring.rules.banks.kinds import carries_media
from scoring.rules.expressions.compiling import CompiledExpression, compile_expression
from scoring.rules.expressions.errors import ExpressionInvalid
from scoring.rules.expressions.operands import KnownList, Operands, operands_of
from scoring.rules.lists.definitions import Definitions, current_definitions
from scoring.rules.rules.errors import FieldProblem, InvalidRule

TAG = "tag"  # the action of lists whose values are tags


def operands_now(event_type: str, lists: Definitions | None = None) -> Operands:
    """What a new rule may use: the operands of the event type, and the lists and banks that are not archived.

    `lists`: take these for all that there are. Raises UnknownEventType, EventTypeNotScored.
    """
    defined = current_definitions() if lists is None else lists
    known = [
        KnownList(each.name, each.kind, tag=each.action == TAG)
        for each in defined.values()
        if not each.archived
    ]
    banks = open_banks(current_bank_definitions()) if carries_media(scored_type(event_type)) else ()
    return operands_of(event_type, lists=known, banks=[each.name for each in banks])


def compile_draft(text: str, event_type: str, lists: Definitions | None = None) -> CompiledExpression:
    """A draft's expression, compiled. Raises ExpressionInvalid, UnknownEventType, EventTypeNotScored."""
    return compile_expression(text, operands_now(event_type, lists))


def expression_problems(
    text: str, event_type: str, lists: Definitions | None = None
) -> Iterator[FieldProblem]:
    """The problems of a draft's expression, each with its place. `lists` as for `operands_now`."""
    try:
        compile_draft(text, event_type, lists)
    except ExpressionInvalid as error:
        for each in error.problems:
            yield "expression", f"line {each.line}, column {each.column}: {each.message}", each.allowed


def check_expression(text: str, event_type: str, lists: Definitions | None = None) -> None:
    """Raises InvalidRule for an expression that cannot be evaluated, or names what no longer exists."""
    if problems := list(expression_problems(text, event_type, lists)):
        raise InvalidRule(problems)
