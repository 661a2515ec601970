"""Thresholds that are moved on a policy's page, and those that its form reads."""

from typing import Any

import pytest

from scoring.catalog.registry import event_type
from scoring.learning.policies.effect import measure_effect, outcomes_under
from scoring.learning.policies.pages.draft_form import DraftForm
from scoring.learning.policies.pages.form_fields import segment_forms, terms_form
from scoring.learning.policies.pages.what_if import read_what_if, thresholds_now
from scoring.rules.policies.policy import CAPACITY, COST, FIXED, MODEL, Capacity, Policy, Segment, Terms
from tests.factories.judged import judged
from tests.factories.policies import costs, policy
from tests.factories.transfers import Transfer

PAYMENT = event_type("payment")
NOW = {"review": 0.2, "block": 0.8}


def test_nothing_sent_is_what_holds_now() -> None:
    what_if = read_what_if({}, NOW, PAYMENT)
    assert [(each.outcome, each.value) for each in what_if.fields] == [("review", "20"), ("block", "80")]
    assert what_if.policy is None


def test_percentages_become_a_policy_and_an_empty_one_is_never_given() -> None:
    what_if = read_what_if({"if_review": " 12,5 % ", "if_block": ""}, NOW, PAYMENT)
    assert what_if.policy is not None
    assert what_if.policy.terms.thresholds == {"review": 0.125}


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"if_review": "many"}, "Enter a percentage such as 42.5"),
        ({"if_review": "-1"}, "from 0 to 100"),
        ({"if_review": "nan"}, "from 0 to 100"),
        ({"if_review": "50", "if_block": "40"}, "below review, which is less severe"),
    ],
)
def test_what_cannot_be_tried_is_said_at_its_field(sent: dict[str, str], problem: str) -> None:
    what_if = read_what_if(sent, NOW, PAYMENT)
    assert what_if.policy is None
    assert any(problem in each.problem for each in what_if.fields)


def test_a_policy_by_cost_is_moved_from_where_it_stands() -> None:
    by_cost = policy(terms=Terms(COST, costs=costs()))
    outcomes = PAYMENT.outcomes
    given = outcomes_under(by_cost, judged(), of_model={}, outcomes=outcomes)
    effect = measure_effect(judged(), given, outcomes=outcomes)
    found = thresholds_now(by_cost, effect, judged(), {})
    assert list(found) == ["block", "review"]
    assert sum(judged().score >= found["block"]) == effect.block.events
    assert sum(judged().score >= found["review"]) == effect.block.events + effect.reviews
    assert thresholds_now(policy(), effect, judged(), {}) == {"review": 0.2, "block": 0.8}
    assert thresholds_now(policy(terms=Terms(MODEL)), effect, judged(), NOW) == NOW


@pytest.mark.parametrize(
    "terms",
    [Terms(MODEL), Terms(FIXED, {"review": 0.125, "block": 0.8}), Terms(COST, costs=costs())],
    ids=lambda terms: terms.mode,
)
def test_a_policy_shown_in_the_form_is_read_back_as_it_was(terms: Terms) -> None:
    segment = Segment("large", "amount > 500.0", terms)
    shown = policy(terms=terms, segments=(segment,), description="why")
    form = DraftForm.of(shown, PAYMENT)
    named: dict[str, Any] = {"event_type": "payment", "number": 1}
    assert Policy.of({**form.data(), **named}) == shown
    assert form.problems == {}


def test_a_capacity_shown_in_the_form_is_to_be_computed_again() -> None:
    capacity = Capacity(40, since="2026-02-01", until="2026-03-01", events=9, model="m")
    form = DraftForm.of(policy(terms=Terms(CAPACITY, NOW, capacity=capacity)), PAYMENT)
    assert form.data()["thresholds"] == {"block": 0.8}
    assert form.cases_a_day() == 40


def test_the_form_of_a_type_with_more_outcomes_has_their_inputs() -> None:
    form = DraftForm.of(Policy("transfer", 1, Terms(FIXED, {"challenge": 0.1})), Transfer)
    names = {
        field.name for choice in terms_form(form).choices for group in choice.groups for field in group.fields
    }
    assert {"thresholds.challenge", "thresholds.limit", "costs.actions.challenge.catches"} <= names
    assert "capacity.thresholds.review" not in names
    assert segment_forms(form.with_segment())[0].terms.at == "segments.1."
    assert [choice.mode for choice in segment_forms(form.with_segment())[0].terms.choices] == [
        *("model", "fixed", "cost"),
    ]
