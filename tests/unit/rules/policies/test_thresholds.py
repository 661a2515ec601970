"""Which terms give an event's thresholds, and how a policy is logged and folded."""

import pytest

from scoring.rules.policies.book import PolicyBook
from scoring.rules.policies.costs import cheapest_thresholds
from scoring.rules.policies.policy import (
    CAPACITY,
    COST,
    FIXED,
    MODEL,
    MODES,
    Capacity,
    Policy,
    Segment,
    Terms,
)
from scoring.rules.policies.thresholds import describe_use, head_thresholds, thresholds_for
from tests.factories.policies import costs, drafted, policy, staged

OF_MODEL = {"review": 0.1, "block": 0.9}
CAPACITY_TERMS = Terms(
    CAPACITY,
    {"review": 0.31, "block": 0.9},
    capacity=Capacity(100, since="2026-02-01", until="2026-03-01", events=9_000, model="payment-1"),
)
ABROAD = Segment("abroad", 'category == "travel"', Terms(COST, costs=costs(insult=5_000)))


def test_a_fixed_policy_gives_its_own_thresholds() -> None:
    assert thresholds_for(policy(), stake=1, of_model=OF_MODEL) == {"review": 0.2, "block": 0.8}


def test_a_policy_by_the_model_gives_those_of_the_model_that_decides() -> None:
    assert thresholds_for(policy(terms=Terms(MODEL)), stake=1, of_model=OF_MODEL) == OF_MODEL


def test_a_policy_by_capacity_gives_what_was_computed_when_it_was_drafted() -> None:
    given = thresholds_for(policy(terms=CAPACITY_TERMS), stake=1, of_model=OF_MODEL)
    assert given == {"review": 0.31, "block": 0.9}


def test_a_policy_by_cost_depends_on_the_amount() -> None:
    by_cost = policy(terms=Terms(COST, costs=costs()))
    for stake in (1_000, 90_000):
        assert thresholds_for(by_cost, stake=stake, of_model=OF_MODEL) == cheapest_thresholds(costs(), stake)


def test_a_segment_has_terms_of_its_own() -> None:
    segmented = policy(segments=(ABROAD,))
    inside = thresholds_for(segmented, stake=5_000, of_model=OF_MODEL, segment=ABROAD)
    assert inside == cheapest_thresholds(costs(insult=5_000), 5_000)
    assert thresholds_for(segmented, stake=5_000, of_model=OF_MODEL) == {"review": 0.2, "block": 0.8}
    assert describe_use(segmented, ABROAD) == {"number": 1, "mode": "cost", "segment": "abroad"}
    assert describe_use(segmented, None) == {"number": 1, "mode": "fixed"}


@pytest.mark.parametrize("mode", MODES)
def test_a_policy_is_read_as_it_was_logged(mode: str) -> None:
    terms = {
        "model": Terms(MODEL),
        "fixed": Terms("fixed", {"block": 0.5}),
        "cost": Terms(COST, costs=costs()),
        "capacity": CAPACITY_TERMS,
    }[mode]
    version = policy(7, terms=terms, segments=(ABROAD,), description="why")
    assert Policy.of(version.as_data()) == version


def test_the_fold_knows_the_active_policy_and_the_one_in_shadow_of_each_type() -> None:
    book = PolicyBook()
    first, second, refund = policy(1), policy(2, description="tighter"), policy(1, event_type="refund")
    for change in (
        *(drafted(first), staged(first, "active"), drafted(second), staged(second, "shadow")),
        drafted(refund),
    ):
        book = book.after(change.type, change.data)
    assert (book.active("payment"), book.shadow("payment")) == (first, second)
    assert (book.active("refund"), book.shadow("refund")) == (None, None)
    assert book.after("list.defined", {}) is book


def test_heads_have_the_models_thresholds_unless_the_policy_sets_them() -> None:
    ruled = policy(number=4, heads={"spam": Terms(FIXED, {"block": 0.6}), "scam": Terms(COST, costs=costs())})
    named = {"stake": 5_000, "of_model": OF_MODEL}
    assert head_thresholds(None, "spam", **named) == (OF_MODEL, {})
    assert head_thresholds(ruled, "hate", **named) == (OF_MODEL, {})
    assert head_thresholds(ruled, "spam", **named) == ({"block": 0.6}, {"number": 4, "mode": "fixed"})
    assert head_thresholds(ruled, "scam", **named) == (
        cheapest_thresholds(costs(), 5_000),
        {"number": 4, "mode": "cost"},
    )


def test_a_policy_is_logged_and_read_with_its_heads() -> None:
    ruled = policy(heads={"spam": Terms(FIXED, {"block": 0.6})})
    assert ruled.as_data()["policies"] == {"spam": {"mode": "fixed", "thresholds": {"block": 0.6}}}
    assert Policy.of(ruled.as_data()) == ruled
    assert "policies" not in policy().as_data()
