"""What a query may ask for: the operands of rules, and names that exist only after the decision."""

from collections.abc import Iterator
from dataclasses import replace

from reviews.investigation.store.columns import column_of
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import scored_type
from scoring.decisions.models import DECIDERS, Decision
from scoring.rules.expressions.compiling import CompiledExpression
from scoring.rules.expressions.language import RESERVED_WORDS
from scoring.rules.expressions.operands import NUMBER, TEXT, TEXTS, Operand, Operands
from scoring.rules.rules.compiling import operands_now

DECIDED, LABEL = "decision", "label"  # kinds of operands that rules do not have


def query_operands(event_type: str) -> Operands:
    """The operands of queries on events of a scored type. Raises UnknownEventType, EventTypeNotScored.

    A field or feature keeps its name; a name of the decision that is taken gets an underscore.
    """
    of_rules = operands_now(event_type)
    by_name = dict(of_rules.by_name)
    for operand in _after_the_decision(scored_type(event_type)):
        name = operand.name
        while name in by_name or name in RESERVED_WORDS:
            name = f"{name}_"
        by_name[name] = replace(operand, name=name)
    return replace(of_rules, by_name=by_name)


def is_of_rules(operand: Operand) -> bool:
    """Whether rules have this operand too, so that a condition on it can select cases for a queue."""
    return operand.kind not in (DECIDED, LABEL)


def names_after_decision(expression: CompiledExpression) -> list[str]:
    """The names in a condition that have no value before the decision, so that no rule or queue has them."""
    return sorted(name for name, operand in expression.operands.items() if not is_of_rules(operand))


def stored_column(operand: Operand) -> str:
    """The column that holds an operand's values."""
    return column_of(operand) if is_of_rules(operand) else operand.column


def _after_the_decision(kind: type[EventType]) -> Iterator[Operand]:
    labels = (kind.labels.positive, kind.labels.negative)
    yield _text("id", "The sender's id of the event", optional=False)
    yield _text("outcome", "The outcome of the latest decision", values=kind.outcomes, optional=False)
    yield _text(
        "initial_outcome",
        "The outcome before a breaker or exploration changed it",
        column="initial",
        values=kind.outcomes,
        optional=False,
    )
    yield _text("decided_by", "What gave the outcome", values=DECIDERS)
    yield _text(
        "basis",
        "Whether a model decided, or why none did",
        values=tuple(Decision.Basis.values),
        optional=False,
    )
    yield _text("model", "The model version that decided; missing without a model")
    yield _text("arm", "The arm of the route, such as champion or canary")
    yield Operand(
        "stake", DECIDED, NUMBER, "stake", "What is at stake in the event", unit=kind.base_currency or ""
    )
    yield Operand("revision", DECIDED, NUMBER, "revision", "0 for the first decision, then 1, 2, ...")
    yield _texts("reasons", "The codes of the decision's reasons")
    yield _texts("rules", "The rules that matched")
    yield _texts("shadow_rules", "The rules in shadow that matched")
    yield _texts("lists", "The lists and tags that held a value of the event")
    yield _texts("banks", "The hash banks that a file of the event matched")
    yield _text("label", "The event's label now; missing without one", kind=LABEL, values=labels)
    yield _text("label_source", "The source of the latest label, such as review or chargeback", kind=LABEL)


def _text(
    name: str,
    description: str,
    *,
    kind: str = DECIDED,
    column: str = "",
    values: tuple[str, ...] = (),
    optional: bool = True,
) -> Operand:
    return Operand(name, kind, TEXT, column or name, description, values=values, optional=optional)


def _texts(name: str, description: str) -> Operand:
    return Operand(name, DECIDED, TEXTS, name, description, optional=False)
