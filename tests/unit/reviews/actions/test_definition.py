"""Definitions of actions: what is refused, and that the log gives back what was defined."""

from dataclasses import replace
from typing import Any

import pytest

from reviews.actions.definition import ActionDefinition, Parameter, check_definition
from reviews.actions.errors import ActionInvalid

REFUND = ActionDefinition(
    name="refund",
    event_types=("payment",),
    purpose="Pays the amount back to the card.",
    key="R",
    parameters=(
        Parameter("amount", "amount", maximum=500),
        Parameter("cause", "choice", choices=("duplicate", "fraud"), required=False),
    ),
    groups=("lead",),
    verdicts=("legitimate",),
)


def problems_of(definition: ActionDefinition, *others: ActionDefinition) -> list[tuple[str, str]]:
    with pytest.raises(ActionInvalid) as refused:
        check_definition(definition, others)
    return [(field, problem) for field, problem, _ in refused.value.problems]


def test_a_definition_comes_back_from_the_log_as_it_was() -> None:
    check_definition(REFUND, [])
    assert ActionDefinition.of(REFUND.as_data()) == REFUND


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"name": "Refund!"}, "name", "'Refund!' is not a name"),
        ({"event_types": ()}, "event_types", "is empty"),
        ({"event_types": ("payment", "ghost")}, "event_types", "'ghost' is not an event type"),
        ({"purpose": " "}, "purpose", "has 0 characters"),
        ({"key": "r"}, "key", "'r' is not a capital letter"),
        ({"verdicts": ("fishy",)}, "verdicts", "'fishy' is not a label of its event types"),
        ({"parameters": (Parameter("a"),) * 5}, "parameters", "are 5"),
        ({"parameters": (Parameter("a", required=False),) * 2}, "parameters.a", "is named twice"),
        (
            {"parameters": (Parameter("a", "file", False),)},
            "parameters.a.kind",
            "'file' is not a kind of parameter",
        ),
        ({"parameters": (Parameter("a", "choice", False),)}, "parameters.a.choices", "are 0"),
        ({"parameters": (Parameter("a", "number", False, 5, 2),)}, "parameters.a.maximum", "is 2, below"),
        ({"parameters": (Parameter("a", "text", False, None, 9_000),)}, "parameters.a.maximum", "is 9,000"),
        ({"parameters": (Parameter("a"),)}, "parameters.a", "must be entered"),  # it follows a verdict
    ],
)
def test_each_problem_is_named_at_its_field(change: dict[str, Any], field: str, problem: str) -> None:
    found = problems_of(replace(REFUND, **change))
    assert found
    assert found[0][0] == field
    assert found[0][1].startswith(problem)


def test_a_key_is_of_one_action_for_each_event_type() -> None:
    other = replace(REFUND, name="return")
    assert problems_of(REFUND, other) == [("key", "'R' is the key of return")]
    check_definition(REFUND, [REFUND, replace(other, event_types=("content",))])
