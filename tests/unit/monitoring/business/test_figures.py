"""Rates and costs that follow from sums of days."""

import pytest

from monitoring.business.figures import (
    DayFigures,
    Estimate,
    approval_rate,
    avoided,
    block_share,
    costs_of,
    good_share_of_blocks,
    insult_rate,
    sum_figures,
)
from scoring.rules.policies.costs import Costs

DAY = DayFigures(
    decided=1_000,
    allowed=900,
    reviewed=40,
    blocked=60,
    fraud_through=10,
    fraud_through_stake=50_000,
    fraud_stopped=20,
    fraud_stopped_stake=90_000,
    fraud_blocked=18,
    blocked_good=2,
    blocked_good_stake=4_000,
    blocked_unknown=40,
    blocked_unknown_stake=200_000,
    verdicts=30,
)
EXPLORED = DayFigures(explored=50, explored_fraud=40, explored_weight=500.0, explored_fraud_weight=400.0)


def test_days_are_summed_by_figure() -> None:
    twice = sum_figures([DAY, DAY])

    assert (twice.decided, twice.fraud_through_stake) == (2_000, 100_000)
    assert sum_figures([]) == DayFigures()


def test_shares_have_intervals_and_none_without_decisions() -> None:
    approved, blocked = approval_rate(DAY), block_share(DAY)

    assert approved is not None
    assert blocked is not None
    assert (approved.value, blocked.value) == (0.9, 0.06)
    assert approved.low < 0.9 < approved.high
    assert approval_rate(DayFigures()) is None


def test_without_exploration_only_bounds_of_the_insult_rate_are_known() -> None:
    found = insult_rate(DAY)

    # 940 were not blocked, of which 12 were fraud.
    assert found == Estimate(None, pytest.approx(2 / 930), pytest.approx(42 / 970))


def test_explored_events_stand_for_the_blocks_without_a_label() -> None:
    explored = sum_figures([DAY, EXPLORED])
    share, rate = good_share_of_blocks(explored), insult_rate(explored)

    assert share is not None
    assert rate is not None
    assert share.value == pytest.approx(0.2)
    assert rate.value == pytest.approx((2 + 0.2 * 40) / (928 + 2 + 0.2 * 40))
    assert 2 / 930 < rate.low < rate.value < rate.high < 42 / 970


def test_few_explored_events_estimate_nothing() -> None:
    few = DayFigures(explored=19, explored_fraud=10, explored_weight=190.0, explored_fraud_weight=100.0)

    assert good_share_of_blocks(few) is None


def test_if_all_blocks_are_labeled_the_insult_rate_is_counted() -> None:
    labeled = DayFigures(decided=100, blocked=10, fraud_stopped=8, fraud_blocked=8, blocked_good=2)

    found = insult_rate(labeled)

    assert found is not None
    assert found.value == pytest.approx(2 / 92)


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        (DAY, Estimate(None, 90_000, 290_000)),
        (DayFigures(fraud_stopped_stake=5), Estimate(5, 5, 5)),
    ],
)
def test_avoided_loss_is_known_of_labeled_blocks(figures: DayFigures, expected: Estimate) -> None:
    assert avoided(figures) == expected


def test_avoided_loss_of_unlabeled_blocks_is_estimated_from_explored_ones() -> None:
    found = avoided(sum_figures([DAY, EXPLORED]))

    assert found.value == pytest.approx(90_000 + 0.8 * 200_000)
    assert 90_000 < found.low < found.value < found.high < 290_000


def test_costs_follow_the_policy() -> None:
    costs = Costs.of(
        {
            "margin": 0.1,
            "insult": 500,
            "chargeback_fee": 2_000,
            "loss_share": 0.9,
            "actions": [{"outcome": "review", "cost": 300, "catches": 0.8, "loses": 0.1}],
        }
    )

    found = costs_of(DAY, costs)

    assert found.fraud == pytest.approx(0.9 * 50_000 + 10 * 2_000)
    assert found.insults == pytest.approx(0.1 * 4_000 + 2 * 500)
    assert found.reviews == 30 * 300
    assert found.total == found.fraud + found.insults + found.reviews
