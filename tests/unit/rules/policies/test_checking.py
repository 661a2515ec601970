"""What a policy may say: every problem names its field and what is allowed."""

from copy import deepcopy
from typing import Any

import pytest

from scoring.catalog.registry import event_type
from scoring.rules.policies.checking import checked_policy
from scoring.rules.policies.errors import InvalidPolicy
from scoring.rules.policies.policy import Policy
from tests.factories.comments import Comment
from tests.factories.policies import costs
from tests.factories.transfers import Transfer

FIXED = {"mode": "fixed", "thresholds": {"review": 0.2, "block": 0.8}}
COST = {"mode": "cost", "costs": costs().as_data()}
CAPACITY = {
    "mode": "capacity",
    "thresholds": {"review": 0.3, "block": 0.8},
    "capacity": {"cases_a_day": 100, "since": "2026-02-01", "until": "2026-03-01", "events": 9, "model": "m"},
}
SEGMENT = {"name": "large", "expression": "amount > 500.0", **FIXED}


def checked(data: dict[str, Any], **more: Any) -> Policy:
    named = {"event_type": "payment", "number": 1, "segments": [], "description": ""}
    return checked_policy({**named, **data, **more}, kind=event_type("payment"))


def changed(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of `data` with another value at a dotted path; None takes it out."""
    copy = deepcopy(data)
    at: Any = copy
    *steps, last = path.split(".")
    for step in steps:
        at = at[int(step)] if isinstance(at, list) else at[step]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return copy


@pytest.mark.parametrize("data", [{"mode": "model"}, FIXED, COST, CAPACITY], ids=lambda data: data["mode"])
def test_policies_of_every_mode_are_accepted(data: dict[str, Any]) -> None:
    policy = checked(data, segments=[SEGMENT, {"name": "b", "expression": "has(ip)", **COST}])
    assert policy.terms.mode == data["mode"]


@pytest.mark.parametrize(
    ("base", "path", "value", "field", "problem"),
    [
        (FIXED, "mode", "best", "mode", "'best' is not a mode"),
        (FIXED, "color", "red", "color", "is not known here"),
        (FIXED, "thresholds", None, "thresholds", "is missing, which the mode 'fixed' needs"),
        (FIXED, "thresholds", {}, "thresholds", "names no outcome"),
        (FIXED, "thresholds.challenge", 0.5, "thresholds.challenge", "is not known here"),
        (FIXED, "thresholds.review", "0.5", "thresholds.review", "is '0.5'"),
        (FIXED, "thresholds.review", float("nan"), "thresholds.review", "is nan"),
        (FIXED, "thresholds.block", 1.5, "thresholds.block", "is 1.5"),
        (FIXED, "thresholds.block", 0.1, "thresholds.block", "0.1 is below that of review"),
        (FIXED, "costs", costs().as_data(), "costs", "has no meaning in the mode 'fixed'"),
        (COST, "costs.margin", 2, "costs.margin", "is 2"),
        (COST, "costs.margin", None, "costs.margin", "is missing"),
        (COST, "costs.insult", -1, "costs.insult", "is -1"),
        (COST, "costs.insult", 1.5, "costs.insult", "is 1.5"),
        (COST, "costs.insult", True, "costs.insult", "is True"),
        (COST, "costs.actions", "review", "costs.actions", "is not a list of outcomes"),
        (COST, "costs.actions.0.outcome", "limit", "costs.actions.limit", "is not an outcome between"),
        (COST, "costs.actions.0.catches", 0, "costs.actions.review.catches", "is 0"),
        (COST, "costs.actions.0.cost", None, "costs.actions.review.cost", "is missing"),
        (CAPACITY, "thresholds.review", None, "thresholds.review", "is missing"),
        (CAPACITY, "capacity.cases_a_day", 0, "capacity.cases_a_day", "is 0"),
        (CAPACITY, "capacity.since", "soon", "capacity.since", "is not a date"),
        (CAPACITY, "capacity", None, "capacity", "is missing"),
    ],
)
def test_a_problem_names_its_field(
    base: dict[str, Any], path: str, value: Any, field: str, problem: str
) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        checked(changed(base, path, value))
    assert [name for name, *_ in refused.value.problems] == [field]
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("segments", "field", "problem"),
    [
        ("none", "segments", "is not a list"),
        ([{**SEGMENT, "name": ""}], "segments.1.name", "is missing"),
        ([SEGMENT, SEGMENT], "segments.1.name", "is the name of two segments"),
        ([{**SEGMENT, "name": "x" * 61}], "segments.1.name", "has 61 characters"),
        ([{**SEGMENT, "expression": " "}], "segments.1.expression", "is missing"),
        ([{**SEGMENT, "name": "a", **CAPACITY}], "segments.1.mode", "is for the whole policy"),
        ([{**SEGMENT, "thresholds": {"block": 2}}], "segments.1.thresholds.block", "is 2"),
        ([{**SEGMENT, "name": str(n)} for n in range(21)], "segments", "are 21"),
    ],
)
def test_segments_are_checked_one_by_one(segments: Any, field: str, problem: str) -> None:
    with pytest.raises(InvalidPolicy, match=problem) as refused:
        checked(FIXED, segments=segments)
    assert field in [name for name, *_ in refused.value.problems]


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(InvalidPolicy) as refused:
        checked({"mode": "fixed", "thresholds": {"review": 3, "block": -1}}, description="x" * 501)
    assert [field for field, *_ in refused.value.problems] == [
        *("thresholds.review", "thresholds.block", "thresholds.block", "description"),
    ]


def test_fraud_must_cost_something() -> None:
    free = costs(chargeback_fee=0, loss_share=0).as_data()
    with pytest.raises(InvalidPolicy, match="fraud would cost nothing"):
        checked({"mode": "cost", "costs": free})


def transfer(*actions: dict[str, Any]) -> Policy:
    data = {**costs().as_data(), "actions": list(actions)}
    named = {"event_type": "transfer", "number": 1, "segments": [], "description": ""}
    return checked_policy({**named, "mode": "cost", "costs": data}, kind=Transfer)


def action(outcome: str, *, catches: float = 0.5, loses: float = 0.0) -> dict[str, Any]:
    return {"outcome": outcome, "cost": 10, "catches": catches, "loses": loses}


def test_actions_of_a_type_with_more_outcomes_stand_in_order_of_severity() -> None:
    policy = transfer(action("challenge"), action("review", catches=0.6), action("limit", catches=0.7))
    assert [each.outcome for each in policy.terms.costs.actions] == ["challenge", "review", "limit"]  # type: ignore[union-attr]
    with pytest.raises(InvalidPolicy, match=r"costs.actions.challenge: stands after a more severe outcome"):
        transfer(action("review"), action("challenge"))
    with pytest.raises(InvalidPolicy, match="or twice"):
        transfer(action("review"), action("review"))


@pytest.mark.parametrize("name", ["catches", "loses"])
def test_a_more_severe_action_does_not_do_less(name: str) -> None:
    milder, severer = {"catches": 0.5, "loses": 0.2}, {"catches": 0.5, "loses": 0.2, name: 0.1}
    with pytest.raises(InvalidPolicy, match=rf"costs.actions.review.{name}: is 0.1, less than that of chall"):
        transfer(action("challenge", **milder), action("review", **severer))


def content(policies: Any) -> Policy:
    named = {"event_type": "comment", "number": 1, "segments": [], "description": ""}
    return checked_policy({**named, "mode": "model", "policies": policies}, kind=Comment)


@pytest.mark.parametrize("terms", [FIXED, COST, CAPACITY], ids=lambda terms: terms["mode"])
def test_content_policies_have_terms_of_their_own(terms: dict[str, Any]) -> None:
    assert content({"spam": terms}).heads["spam"].mode == terms["mode"]
    assert content({}).heads == {}


@pytest.mark.parametrize(
    ("policies", "field", "problem"),
    [
        (["spam"], "policies", "is not a mapping"),
        ({"spam": 0.5}, "policies", "is not a mapping"),
        ({"hate": FIXED}, "policies.hate", "is not a policy of this event type"),
        ({"spam": {"mode": "model"}}, "policies.spam.mode", "'model' is not a mode"),
        ({"spam": {}}, "policies.spam.mode", "None is not a mode"),
        ({"spam": {**FIXED, "color": 1}}, "policies.spam.color", "is not known here"),
        ({"spam": changed(FIXED, "thresholds.block", 2)}, "policies.spam.thresholds.block", "is 2"),
        ({"spam": changed(FIXED, "thresholds.block", 0.1)}, "policies.spam.thresholds.block", "is below"),
    ],
)
def test_the_terms_of_content_policies_are_checked(policies: Any, field: str, problem: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        content(policies)
    assert [(name, problem in told) for name, told, _ in refused.value.problems] == [(field, True)]


def test_a_type_without_content_policies_says_so() -> None:
    with pytest.raises(InvalidPolicy) as refused:
        checked({"mode": "model"}, policies={"spam": FIXED})
    [(field, _, allowed)] = refused.value.problems
    assert (field, allowed) == ("policies.spam", "none: the event type has no policies")
