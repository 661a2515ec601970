"""Thresholds from costs: the closed form against a search by brute force."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.rules.policies.costs import (
    NEVER,
    Action,
    Costs,
    cheapest_thresholds,
    cheapest_thresholds_of,
)
from scoring.rules.policies.thresholds import outcome_of
from tests.factories.policies import costs

STAKE = 10_000  # 100.00
OUTCOMES = ("allow", "challenge", "review", "limit", "block")


def expected_costs(given: Costs, stake: int, p: float) -> dict[str, float]:
    """The expected cost of every outcome of an event that is fraud with probability p."""
    loss = given.loss_share * stake + given.chargeback_fee
    insult = given.margin * stake + given.insult
    return {
        "allow": p * loss,
        "block": (1 - p) * insult,
        **{
            action.outcome: action.cost + p * (1 - action.catches) * loss + (1 - p) * action.loses * insult
            for action in given.actions
        },
    }


def test_without_a_review_the_threshold_is_that_of_elkan() -> None:
    thresholds = cheapest_thresholds(costs(actions=()), STAKE)
    loss, insult = 10_000 + 2_500, 2_000 + 1_000
    assert thresholds == {"block": pytest.approx(insult / (insult + loss))}


def test_a_review_lies_between_allow_and_block() -> None:
    thresholds = cheapest_thresholds(costs(), STAKE)
    assert thresholds == {
        "review": pytest.approx(400 / (0.8 * 12_500)),
        "block": pytest.approx((3_000 - 400) / (3_000 + 0.2 * 12_500)),
    }


def test_larger_amounts_are_reviewed_at_lower_scores_and_blocked_by_what_the_margin_allows() -> None:
    small, large = (cheapest_thresholds(costs(), stake) for stake in (5_000, 500_000))
    assert large["review"] < small["review"]
    assert large["block"] == pytest.approx(0.2 / (0.2 + 0.2), abs=0.002)


def test_a_review_that_never_pays_takes_the_threshold_of_block_which_then_wins() -> None:
    thresholds = cheapest_thresholds(costs(actions=(Action("review", 50_000, 0.8),)), STAKE)
    assert thresholds["review"] == thresholds["block"] == pytest.approx(3_000 / (3_000 + 12_500))
    assert {outcome_of(p / 100, thresholds) for p in range(101)} == {"allow", "block"}


def test_an_event_with_nothing_to_lose_is_blocked_only_if_fraud_is_certain() -> None:
    assert cheapest_thresholds(costs(chargeback_fee=0), 0) == {"review": 1.0, "block": 1.0}


def test_where_all_outcomes_cost_the_same_the_mildest_is_given() -> None:
    thresholds = cheapest_thresholds(costs(chargeback_fee=0, insult=0, actions=()), 0)
    assert thresholds == {"block": NEVER}
    assert outcome_of(1.0, thresholds) == "allow"


def test_a_refund_like_amount_below_zero_counts_as_nothing() -> None:
    assert cheapest_thresholds(costs(), -5_000) == cheapest_thresholds(costs(), 0)


def test_free_blocks_begin_at_zero() -> None:
    assert cheapest_thresholds(costs(margin=0.0, insult=0), STAKE)["block"] == 0.0


@st.composite
def any_costs(draw: st.DrawFn) -> Costs:
    outcomes = draw(st.lists(st.sampled_from(OUTCOMES[1:-1]), unique=True))
    shares = st.floats(0, 1, allow_subnormal=False)
    catches = sorted(draw(st.lists(shares, min_size=3, max_size=3)))
    loses = sorted(draw(st.lists(st.floats(0, 0.5), min_size=3, max_size=3)))
    actions = [
        Action(outcome, draw(st.integers(0, 5_000)), caught, lost)
        for outcome, caught, lost in zip(sorted(outcomes, key=OUTCOMES.index), catches, loses, strict=False)
    ]
    return Costs(
        margin=draw(shares),
        insult=draw(st.integers(0, 10_000)),
        chargeback_fee=draw(st.integers(0, 5_000)),
        actions=tuple(actions),
        loss_share=draw(shares),
    )


@given(any_costs(), st.integers(0, 1_000_000))
def test_no_outcome_is_cheaper_than_the_one_that_the_thresholds_give(given: Costs, stake: int) -> None:
    thresholds = cheapest_thresholds(given, stake)
    for p in interesting(thresholds.values()):
        expected = expected_costs(given, stake, p)
        chosen = expected[outcome_of(p, thresholds, OUTCOMES)]
        assert chosen <= min(expected.values()) + 1e-6 * (1 + abs(chosen))


@given(any_costs(), st.integers(0, 1_000_000))
def test_thresholds_rise_with_severity_and_name_every_outcome(given: Costs, stake: int) -> None:
    thresholds = cheapest_thresholds(given, stake)
    assert list(thresholds) == [*(action.outcome for action in given.actions), "block"]
    assert list(thresholds.values()) == sorted(thresholds.values())
    assert all(0 <= value <= NEVER for value in thresholds.values())


def interesting(thresholds: Sequence[float]) -> list[float]:
    """A grid of probabilities, and those beside each threshold."""
    beside = [math.nextafter(value, way) for value in thresholds for way in (0.0, 1.0)]
    return [*(p / 50 for p in range(51)), *(value for value in (*thresholds, *beside) if 0 <= value <= 1)]


ACTIONS = st.builds(
    Action,
    outcome=st.just(""),
    cost=st.integers(0, 100_000),
    catches=st.one_of(st.sampled_from([0.0, 0.9, 1.0]), st.floats(0, 1)),
    loses=st.one_of(st.sampled_from([0.0, 0.02, 1.0]), st.floats(0, 1)),
)
ANY_COSTS = st.builds(
    Costs,
    margin=st.one_of(st.just(0.0), st.floats(0, 1)),
    insult=st.integers(0, 1_000_000),
    chargeback_fee=st.integers(0, 1_000_000),
    actions=st.lists(ACTIONS, max_size=3).map(
        lambda actions: tuple(
            Action(outcome, each.cost, each.catches, each.loses)
            for outcome, each in zip(("challenge", "review", "limit"), actions, strict=False)
        )
    ),
    loss_share=st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1)),
)


@given(ANY_COSTS, st.lists(st.integers(-10, 10_000_000), min_size=1, max_size=20))
def test_the_thresholds_of_many_amounts_are_those_of_each_to_the_bit(
    given_costs: Costs, stakes: list[int]
) -> None:
    found = cheapest_thresholds_of(given_costs, np.array(stakes))
    assert list(found) == list(cheapest_thresholds(given_costs, 0))
    for place, stake in enumerate(stakes):
        alone = cheapest_thresholds(given_costs, stake)
        assert {outcome: float(values[place]) for outcome, values in found.items()} == alone
