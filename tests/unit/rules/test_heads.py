"""Scores of policies beside the main score: the most severe outcome counts, and expressions read them."""

from collections.abc import Iterator

import pytest

from scoring.rules.deciding.base_outcome import Base, with_heads
from scoring.rules.expressions.activation import ActivationBuilder
from scoring.rules.expressions.compiling import compile_expression
from scoring.rules.expressions.operands import is_policy_operand, operands_of
from scoring.rules.heads import heads_of, scores_by_operand, severest_outcome
from scoring.rules.policies.costs import cheapest_thresholds
from scoring.rules.policies.policy import COST, FIXED, MODEL, Policy, Terms
from scoring.rules.policies.thresholds import judged_again, outcome_of
from scoring.rules.quality.logged import base_of
from tests.factories.catalog import catalog_with
from tests.factories.comments import Comment
from tests.factories.policies import costs, policy

OUTCOMES = ("allow", "label", "review", "block")


@pytest.fixture(autouse=True)
def comments() -> Iterator[None]:
    with catalog_with("tests.factories.comments"):
        yield


@pytest.mark.parametrize(
    ("main", "heads", "severest"),
    [
        ("allow", {}, "allow"),
        ("allow", {"spam": "review"}, "review"),
        ("review", {"spam": "allow"}, "review"),
        ("label", {"spam": "review", "scam": "block"}, "block"),
        ("block", {"spam": "label"}, "block"),
    ],
)
def test_the_most_severe_outcome_counts(main: str, heads: dict[str, str], severest: str) -> None:
    logged = {policy: {"outcome": outcome} for policy, outcome in heads.items()}
    assert severest_outcome(main, logged, OUTCOMES) == severest


def test_heads_change_nothing_but_the_outcome_of_the_score() -> None:
    base = Base("allow", {"review": 0.5}, {"number": 2})
    assert with_heads(base, {"spam": {"outcome": "block"}}, kind=Comment) == Base(
        "block", {"review": 0.5}, {"number": 2}
    )
    assert with_heads(base, {}, kind=Comment) is base


def test_a_logged_decision_without_heads_has_none() -> None:
    assert dict(heads_of({"outcome": "allow"})) == {}
    assert scores_by_operand({"spam": {"score": 0.9}, "scam": {"score": 0.1}}) == {
        "policy_spam": 0.9,
        "policy_scam": 0.1,
    }


def test_the_outcome_without_any_finding_includes_that_of_the_heads() -> None:
    decision = {
        "event_type": "comment",
        "basis": "model",
        "score": 0.1,
        "thresholds": {"review": 0.5, "block": 0.9},
        "policies": {"spam": {"outcome": "block"}},
    }
    assert base_of(decision, Comment.outcomes) == "block"


def test_a_rule_reads_the_score_of_a_policy_and_misses_it_without_a_head() -> None:
    expression = compile_expression("policy_spam >= 0.8", operands_of("comment"))
    builder = ActivationBuilder([expression])
    assert builder.features == ("policy_spam",)
    for score, matches in ((0.9, True), (0.2, False), (None, False)):
        activation = builder.build(fields={}, source="forum", features=[score])
        assert expression.matches(activation) is matches


def test_types_without_policies_have_no_such_operand() -> None:
    assert not [name for name in operands_of("payment").by_name if is_policy_operand(name)]
    assert operands_of("comment").by_name["policy_scam"].unit == "probability"


HEADS = {
    "spam": {"score": 0.6, "outcome": "review", "thresholds": {"review": 0.5, "block": 0.9}},
    "scam": {
        "score": 0.6,
        "outcome": "block",
        "thresholds": {"block": 0.4},
        "policy": {"number": 2, "mode": "fixed"},
    },
}


def again(ruled: Policy | None) -> dict[str, str]:
    found = judged_again(
        HEADS, ruled, stake=1_000, of_model=lambda head: {"review": 0.1, "block": 0.95}, outcomes=OUTCOMES
    )
    return {name: head["outcome"] for name, head in found.items()}


def test_logged_scores_are_judged_under_another_policy() -> None:
    strict = policy(terms=Terms(MODEL), heads={"spam": Terms(FIXED, {"block": 0.6})})
    assert again(strict) == {"spam": "block", "scam": "review"}


def test_without_a_policy_the_models_own_thresholds_hold_again() -> None:
    assert again(None) == {"spam": "review", "scam": "review"}
    assert again(policy(terms=Terms(MODEL))) == {"spam": "review", "scam": "review"}


def test_heads_are_judged_by_cost_at_the_stake_of_the_event() -> None:
    by_cost = policy(terms=Terms(MODEL), heads={"spam": Terms(COST, costs=costs())})
    expected = outcome_of(0.6, cheapest_thresholds(costs(), 1_000), OUTCOMES)
    assert again(by_cost)["spam"] == expected
    assert expected == "block"
