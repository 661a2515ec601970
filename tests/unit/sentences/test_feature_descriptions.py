"""Descriptions of features for their pages, one sentence per row."""

import doctest

import pytest

from scoring.batch.compute.profile import Profile
from scoring.batch.compute.statistics import median
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Flag, Money, Text
from scoring.declare import is_night, is_weekend, spelling
from scoring.features.compile.plan import compile_lane, lane_plan
from scoring.features.compile.specs import FeatureSpec, entities_read, fields_read, windows_read
from scoring.sentences.feature_descriptions import (
    describe_coverage,
    describe_feature,
    describe_missing,
    describe_usual,
)


class Transfer(EventType):
    """What payments do not show."""

    name, lane = "transfer", "transfers"
    account = Entity(says="from this account")
    amount, country, foreign = Money(), Category(), Flag(optional=True)
    note = Text(optional=True)
    habits = Profile(account, over="90d", every="1d", stale_after="3d", typical=median(amount))
    features = (
        account.count(over="24h", where=amount.below(5)),
        account.since_last(where=foreign),
        account.session(gap="30m").count(),
        account.session(gap="30m").amount.sum(),
        account.session(gap="30m").duration(),
        account.last(amount),
        account.changed(country),
        is_night(22, 6),
        is_weekend(),
        amount - habits.typical,
        habits.typical,
        note.words(),
        note.capitals(),
    )


def specs_of(*members: type[EventType]) -> dict[str, FeatureSpec]:
    plan = compile_lane("transfers", members)
    return {spec.name: spec for spec in plan.feature_set(members[0].name).features}


SPECS = {spec.name: spec for spec in lane_plan("commerce").feature_set("payment").features} | specs_of(
    Transfer
)

MEANINGS = [
    ("note_words", "The number of words in the note."),
    ("note_capitals", "The share of capitals among the letters in the note."),
    ("amount", "The payment's amount: total charged."),
    ("hour_of_day", "The hour of the day of the payment, 0 to 23 UTC."),
    ("customer_age", "Calendar years since the customer's year of birth."),
    ("customer_city_pop", "The population of the customer's city."),
    ("card_count_1h", "The number of payments with this card in the last hour."),
    ("card_count_24h", "The number of payments with this card in the last 24 h."),
    ("card_refund_count_30d", "The number of refunds with this card in the last 30 d."),
    ("card_amount_mean_24h", "The mean amount of payments with this card in the last 24 h."),
    (
        "card_amount_std_7d",
        "The standard deviation of the amount of payments with this card in the last 7 d.",
    ),
    (
        "amount_to_card_amount_mean_30d",
        "The payment's amount, divided by the mean amount of payments with this card in the last 30 d.",
    ),
    (
        "card_distinct_merchant_24h",
        "The number of different merchants in payments with this card in the last 24 h.",
    ),
    ("card_since_last", "The time since the last payment with this card."),
    ("card_since_first", "The time since this card was first seen."),
    ("card_since_last_same_device", "The time since this device was last seen in payments with this card."),
    ("card_new_merchant", "Whether this merchant is new for this card."),
    (
        "card_x_merchant_count_30d",
        "The number of payments with this card at this merchant in the last 30 d.",
    ),
    (
        "merchant_fraud_share_7d_after_14d",
        "The share of payments at this merchant that were confirmed as fraud, over 7 d, ending 14 d before.",
    ),
    (
        "account_count_24h_where_amount_below_5",
        "The number of transfers from this account in the last 24 h (amount below 5.00 USD).",
    ),
    ("account_since_last_where_foreign", "The time since the last transfer from this account (foreign)."),
    (
        "account_session_30m_count",
        "The number of transfers from this account since the last pause of 30 min.",
    ),
    (
        "account_session_30m_amount_sum",
        "The total amount of transfers from this account since the last pause of 30 min.",
    ),
    (
        "account_session_30m_duration",
        "The time since the first transfer from this account after the last pause of 30 min.",
    ),
    ("account_last_amount", "The amount of the last transfer from this account."),
    (
        "account_changed_country",
        "Whether this country differs from that of the last transfer from this account.",
    ),
    ("is_night", "Whether it is between 22:00 and 06:00 UTC."),
    ("is_weekend", "Whether it is Saturday or Sunday, UTC."),
    (
        "habits_typical",
        "The median amount of transfers from this account in 90 d, computed ahead of time in the batch"
        " view habits.",
    ),
]


@pytest.mark.parametrize(("name", "sentence"), MEANINGS)
def test_what_a_feature_is(name: str, sentence: str) -> None:
    assert describe_feature(SPECS[name]) == sentence


def test_every_feature_is_a_sentence() -> None:
    for name, spec in SPECS.items():
        said = describe_feature(spec)
        assert said[0].isupper(), name
        assert said.endswith("."), name
        assert "(" not in said or "where" in name, name  # not the definition instead of a description


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "card_count_1h",
            "Payments with this card in the 1 h before, and up to 5 min more: the window starts with the tile"
            " of 5 min (aligned to UTC) that contains the moment 1 h ago. The payment itself is excluded.",
        ),
        (
            "card_distinct_merchant_24h",
            "Payments with this card in the 24 h before, and up to 2 h more: the window starts with the tile"
            " of 2 h (aligned to UTC) that contains the moment 24 h ago. The payment itself is excluded."
            " Exact up to 32 values; beyond that it stays at 32.",
        ),
        (
            "merchant_fraud_share_7d_after_14d",
            "Payments at this merchant from 21 d before to 14 d before the payment, in tiles of 14 h."
            " A label counts once it is known, at the time of its event.",
        ),
        (
            "account_session_30m_count",
            "Transfers from this account since the last pause of 30 min or more. One that comes 30 min or"
            " more after the previous one starts a new session. The transfer itself is excluded.",
        ),
    ],
)
def test_what_a_window_covers(name: str, sentence: str) -> None:
    assert describe_coverage(SPECS[name]) == [sentence]


def test_arithmetic_covers_the_windows_of_its_parts() -> None:
    mean, ratio = SPECS["card_amount_mean_30d"], SPECS["amount_to_card_amount_mean_30d"]
    assert describe_coverage(ratio) == describe_coverage(mean)
    assert (entities_read(ratio), windows_read(ratio)) == (["card"], ["30d"])
    assert (fields_read(ratio), fields_read(mean)) == (["amount", "card"], ["amount", "card"])
    against = SPECS["amount_minus_habits_typical"]
    assert (entities_read(against), windows_read(against)) == (["account"], ["90d"])
    assert describe_coverage(SPECS["amount"]) == []


@pytest.mark.parametrize(
    ("name", "worth"),
    [
        ("card_count_1h", "0"),
        ("card_amount_sum_1h", "0"),
        ("card_amount_mean_24h", "missing"),
        ("card_since_last", "missing"),
        ("hour_of_day", "never missing"),
        ("account_session_30m_amount_sum", "0"),
        ("habits_typical", "missing if the view has no value or only a stale one"),
        ("card_new_merchant", "1 for a new card; missing without a value"),
        (
            "note_capitals",
            "missing without a note or without letters, or if it was received before texts were measured",
        ),
        ("merchant_fraud_share_7d_after_14d", "missing"),
        ("card_fraud_count_30d_after_0d", "0"),
        ("amount_to_card_amount_mean_30d", "missing if either side is missing or the divisor is 0"),
    ],
)
def test_the_value_without_a_past(name: str, worth: str) -> None:
    assert describe_missing(SPECS[name]) == worth


@pytest.mark.parametrize(
    ("name", "usual"),
    [
        (
            "card_count_1h",
            "the 30-day total of this card, scaled to 1 h; until it is 1 h old, the median of the training"
            " rows",
        ),
        ("card_count_30d", "the median of the training rows"),
        ("card_amount_max_24h", "the 30-day mean of this card"),
        ("card_amount_std_24h", "the median of the training rows"),
        ("amount_to_card_amount_mean_30d", "1: equal to the mean"),
        ("amount_to_card_amount_max_30d", "the median of the training rows"),
        ("category", "none: its values have no meaningful mean"),
    ],
)
def test_what_is_usual(name: str, usual: str) -> None:
    assert describe_usual(SPECS[name]) == usual


def test_the_examples_hold() -> None:
    found = doctest.testmod(spelling)
    assert (found.failed, found.attempted > 0) == (0, True)
