from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from demo.simulation.history import simulate_history

END = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    return simulate_history(days=60, rate_per_day=600, seed=5, end=END)


def payments(history):
    return history[history.type == "payment"]


def test_the_frame_depends_on_the_arguments_and_the_seed_alone():
    arguments = {"days": 5, "rate_per_day": 300, "end": END}
    first, again = simulate_history(seed=1, **arguments), simulate_history(seed=1, **arguments)
    pd.testing.assert_frame_equal(first, again)
    assert not first.amount.head(50).equals(simulate_history(seed=2, **arguments).amount.head(50))


def test_events_are_in_order_within_the_requested_days_with_unique_ids(history):
    assert history.occurred_at.is_monotonic_increasing
    assert history.occurred_at.min() >= END - timedelta(days=60)
    assert history.occurred_at.max() <= END
    assert history.id.is_unique
    assert len(payments(history)) == pytest.approx(60 * 600, rel=0.05)


def test_every_kind_of_fraud_occurs_at_about_the_requested_share(history):
    frauds = payments(history)[payments(history).scenario != ""]
    assert set(frauds.scenario) == {
        "card_testing",
        "account_takeover",
        "stolen_card",
        "merchant_collusion",
        "refund_abuse",
    }
    assert 0.005 < len(frauds) / len(payments(history)) < 0.011


def test_labels_become_known_after_their_event_and_within_fourteen_days(history):
    labeled = history[history.label.notna()]
    delay = labeled.label_known_at - labeled.occurred_at
    assert delay.min() > timedelta(0)
    assert delay.max() <= timedelta(days=14, seconds=2)
    assert history[history.label.isna()].label_known_at.isna().all()


def test_labels_are_noisy_in_both_directions_and_refunds_have_none(history):
    fraud = payments(history).scenario != ""
    called_fraud = payments(history).label == "fraud"
    assert 0.9 < called_fraud[fraud].mean() < 1.0
    assert 0.0 < called_fraud[~fraud].mean() < 0.002
    assert history[history.type == "refund"].label.isna().all()


def test_nights_are_quiet_and_weekends_busy(history):
    ordinary = payments(history)[payments(history).scenario == ""]
    by_hour = ordinary.occurred_at.dt.hour.value_counts()
    assert by_hour[[17, 18, 19]].sum() > 4 * by_hour[[2, 3, 4]].sum()
    by_weekday = ordinary.groupby(ordinary.occurred_at.dt.day_of_week).size()
    assert by_weekday[5] > by_weekday[1]


def test_customers_have_habits(history):
    ordinary = payments(history)[payments(history).scenario == ""]
    visits = ordinary.groupby(["customer", "merchant"]).size().groupby("customer").max()
    shuffled = ordinary.assign(merchant=np.random.default_rng(0).permutation(ordinary.merchant))
    by_chance = shuffled.groupby(["customer", "merchant"]).size().groupby("customer").max()
    assert visits.mean() > 1.3 * by_chance.mean()


def test_card_testers_try_many_cards_with_small_amounts_from_one_device(history):
    tests = payments(history)[(payments(history).scenario == "card_testing") & (payments(history).amount < 5)]
    cards_per_device = tests.groupby("device").card.nunique()
    assert cards_per_device.median() >= 4
