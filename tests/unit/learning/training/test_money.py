"""Money under a policy: amounts stopped, and what is saved by its costs."""

from datetime import UTC, datetime

import numpy as np
import pytest

from scoring.catalog.registry import event_type
from scoring.learning.metrics.paired import bootstrap_differences
from scoring.learning.policies.judged import JudgedEvents
from scoring.learning.training.money import PolicyMoney
from scoring.rules.policies.costs import Action, Costs
from scoring.rules.policies.policy import MODEL, Policy, Terms

AT = {"review": 0.3, "block": 0.8}
DAY = datetime(2026, 1, 1, tzinfo=UTC)
SCORE = np.array([0.9, 0.5, 0.1, 0.9, 0.1])
COSTS = Costs(margin=0.1, insult=500, chargeback_fee=1_000, actions=(Action("review", 300, 0.8),))


def money(costs: Costs | None = COSTS) -> PolicyMoney:
    """Two days: fraud of 3 x 100 (block), 50 (review), 30 (allow); good events of 20 (block), 10 (allow)."""
    events = JudgedEvents(
        event_type="payment",
        source="held-out",
        score=SCORE,
        positive=np.array([True, True, True, False, False]),
        stake=np.array([10_000, 5_000, 3_000, 2_000, 1_000]),
        weight=np.array([3.0, 1.0, 1.0, 2.0, 4.0]),
        versions=np.arange(5),
        since=DAY,
        until=DAY,
        days=2.0,
    )
    rows = np.arange(5)
    policy = Policy("payment", 0, Terms(MODEL))
    return PolicyMoney(event_type("payment"), events, rows, rows, policy, costs, np.full(5, -1))


def test_fraud_that_is_not_simply_allowed_is_stopped():
    found = money().of(SCORE, AT).metrics()
    assert found["fraud_amount_stopped"] == pytest.approx(35_000 / 38_000)
    assert found["fraud_amount_stopped_a_day"] == pytest.approx(35_000 / 2)


def test_saved_is_the_loss_that_is_prevented_without_reviews_and_insults():
    blocked, reviewed = 3 * (10_000 + 1_000), 0.8 * (5_000 + 1_000) - 300
    insults = 2 * (0.1 * 2_000 + 500)
    found = money().of(SCORE, AT).metrics()
    assert found["money_saved_a_day"] == pytest.approx((blocked + reviewed - insults) / 2)


def test_without_costs_nothing_is_said_of_savings():
    assert "money_saved_a_day" not in money(costs=None).of(SCORE, AT).metrics()


def test_a_model_that_allows_everything_stops_and_saves_nothing():
    found = money().of(np.zeros(5), AT).metrics()
    assert set(found.values()) == {0.0}


def test_differences_have_intervals_and_equal_models_none():
    both = money()
    own, other = both.of(SCORE, AT), both.of(np.zeros(5), AT)
    found = bootstrap_differences(own, other, entity=both.groups, samples=100)
    saved = found["money_saved_a_day"]
    assert saved.estimate == own.metrics()["money_saved_a_day"]
    assert saved.low < saved.estimate < saved.high
    same = bootstrap_differences(own, own, entity=both.groups, samples=20)
    assert {(each.low, each.high) for each in same.values()} == {(0.0, 0.0)}
