"""Reasons read as a person would say them."""

from typing import Any

import pytest

from scoring.features.plan import compile_lane, lane_plan
from scoring.features.specs import FeatureSpec
from tests.contract.lanes import MEMBERS, VOCABULARIES

NAN = float("nan")
SPECS = {
    spec.name: spec
    for spec in lane_plan("commerce", {"payment": {"category": ("gas", "food")}})
    .feature_set("payment")
    .features
}
SENTENCES: list[tuple[str, float, float, str]] = [
    ("card_count_1h", 7, 1, "7 payments with this card in 1 h; usual is 1"),
    ("card_count_1h", 1, 0.26, "1 payment with this card in 1 h; usual is 0.26"),
    ("card_count_5m", 0, NAN, "0 payments with this card in 5 min"),
    ("amount", 123456, 4510.4, "Amount is 1,234.56 USD; usual is 45.10 USD"),
    (
        "card_amount_sum_24h", 50_000, 1_000,
        "The total amount of payments with this card in 24 h is 500.00 USD; usual is 10.00 USD",
    ),
    ("card_amount_mean_30d", NAN, NAN, "No payments with this card in 30 d"),
    (
        "card_amount_max_24h", 100, 50,
        "The largest amount of payments with this card in 24 h is 1.00 USD; usual is 0.50 USD",
    ),
    (
        "amount_to_card_amount_mean_30d", 12.3, 1,
        "Amount is 12 times the mean amount of payments with this card in 30 d; usual is 1",
    ),
    (
        "amount_to_card_amount_mean_30d", NAN, NAN,
        "Amount cannot be compared with the mean amount of payments with this card in 30 d: one is missing",
    ),
    ("hour_of_day", 3, 14, "Hour of day is 03:00 UTC; usual is 14:00 UTC"),
    ("day_of_week", 6, NAN, "Day of week is Sunday"),
    ("category", 2, 1, "Category is food"),
    ("category", 0, NAN, "Category is a category never seen in training"),
    ("customer_age", 34, 51, "The customer is 34 years old; usual is 51"),
    ("customer_city_pop", 6916, NAN, "The customer's city has 6,916 people"),
    ("card_since_last", 95, 36_000, "95 s since the last payment with this card; usual is 10 h"),
    ("card_since_last", NAN, 36_000, "No earlier payment with this card is known"),
    ("card_since_first", 86_400 * 3, NAN, "This card was first seen 3 d ago"),
    ("card_since_first", NAN, NAN, "This card is seen for the first time"),
    ("card_new_merchant", 1, 0.2, "This merchant is new for this card"),
    ("card_since_last_same_device", NAN, NAN, "This device is not known from payments with this card"),
    (
        "card_distinct_category_24h", 4, 2,
        "4 different categories in payments with this card in 24 h; usual is 2",
    ),
    ("device_distinct_card_24h", 1, NAN, "1 card in payments on this device in 24 h"),
    ("ip_distinct_card_24h", NAN, NAN, "This ip is not given"),
    ("card_x_merchant_count_30d", 2, NAN, "2 payments with this card at this merchant in 30 d"),
    (
        "merchant_fraud_share_7d_after_14d", 0.083, 0.004,
        "8.3 % of payments at this merchant were confirmed as fraud over 7 d, ending 14 d ago;"
        " usual is 0.4 %",
    ),
    ("card_fraud_count_30d_after_0d", 1, NAN, "1 payment with this card confirmed as fraud over 30 d"),
    ("card_refund_count_30d", 3, NAN, "3 refunds with this card in 30 d"),
    ("customer_merchant_km", 812.4, 30.5, "Customer and merchant are 812 km apart; usual is 30 km"),
    (
        "card_speed_from_last_merchant_lat", 1204, NAN,
        "1,204 km/h needed to get here from the last payment with this card",
    ),
]  # fmt: skip


BANK = {
    spec.name: spec for spec in compile_lane("bank", MEMBERS, VOCABULARIES).feature_set("transfer").features
}
OF_THE_BANK: list[tuple[str, float, float, str]] = [
    ("note_links", 7, 0, "The note has 7 links; usual is 0"),
    ("note_links", 1, NAN, "The note has 1 link"),
    ("note_length", 1_200, 80, "The note has 1,200 characters; usual is 80"),
    ("note_capitals", 0.9, 0.05, "The share of capitals among the letters in the note is 90 %; usual is 5 %"),
    ("note_capitals", NAN, 0.05, "The share of capitals among the letters in the note is not known"),
    ("is_weekend", 1, NAN, "It is the weekend"),
    ("is_evening", 0, NAN, "It is not between 19:00 and 22:00 UTC"),
    ("gross", 1250, NAN, "Amount plus fee is 12.50 USD"),
    ("twice", NAN, NAN, "Amount times 2 is not known"),
    (
        "amount_z", -2.25, NAN,
        "Amount is 2.2 standard deviations below the mean amount of transfers with this account in 1 h",
    ),
    ("account_session_5m_count", 4, NAN, "4 transfers with this account since the last pause of 5 min"),
    (
        "account_session_5m_duration", 600, NAN,
        "Transfers with this account began 10 min ago, after a pause of 5 min",
    ),
    (
        "account_session_5m_amount_sum", 12_345, NAN,
        "The total amount of transfers with this account since the last pause of 5 min is 123.45 USD",
    ),
    ("terminal_reversal_session_1h_amount_sum", NAN, NAN, "This terminal is not given"),
    ("account_last_amount", 999, NAN, "Amount of the last transfer with this account was 9.99 USD"),
    ("account_changed_payee", 1, NAN, "This payee is another than in the last transfer with this account"),
    ("account_changed_payee", 0, NAN, "This payee is the same as in the last transfer with this account"),
    (
        "account_changed_terminal", NAN, NAN,
        "This terminal, or that of the last transfer with this account, is not known",
    ),
    ("account_login_new_terminal", 1, NAN, "This terminal is new in logins with this account"),
    (
        "account_count_1h_where_amount_below_25", 3, 0.5,
        "3 transfers with this account in 1 h (amount below 25.00 USD); usual is 0.5",
    ),
    (
        "account_count_30d_where_amount_at_least_2_5_and_channel_is_web_or_app", 1, NAN,
        "1 transfer with this account in 30 d (amount at least 2.50 USD, channel web or app)",
    ),
    (
        "account_amount_mean_1h_where_not_urgent", 100, NAN,
        "The mean amount of transfers with this account in 1 h (not urgent) is 1.00 USD",
    ),
    (
        "account_amount_max_1h_where_from_22_to_23", NAN, NAN,
        "No transfers with this account in 1 h (22:00 to 23:00 UTC)",
    ),
    (
        "account_since_last_where_channel_is_phone", 7300, NAN,
        "2 h since the last transfer with this account (channel phone)",
    ),
    (
        "account_distinct_payee_1h_where_urgent_and_fee_above_0", 2, NAN,
        "2 different payees in transfers with this account in 1 h (urgent, fee above 0)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "usual", "sentence"), OF_THE_BANK)
def test_sessions_conditions_and_arithmetic_are_said_in_plain_words(
    name: str, value: float, usual: float, sentence: str
) -> None:
    assert BANK[name].sentence(value=value, usual=usual) == sentence


@pytest.mark.parametrize(("name", "value", "usual", "sentence"), SENTENCES)
def test_a_value_is_said_in_plain_words(name: str, value: float, usual: float, sentence: str) -> None:
    assert SPECS[name].sentence(value=value, usual=usual) == sentence


@pytest.mark.parametrize("spec", [*SPECS.values(), *BANK.values()], ids=[*SPECS, *BANK])
@pytest.mark.parametrize("value", [NAN, 0.0, 1.0, 2.5])
def test_every_feature_has_a_sentence_for_every_kind_of_value(spec: FeatureSpec, value: float) -> None:
    text = spec.sentence(value=value, usual=value)
    assert text[0] == text[0].upper()
    assert "nan" not in text.lower().replace("finance", "")
    assert "_" not in text


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [("amount", 1234.0, 12.34), ("category", 1.0, "gas"), ("card_count_1h", 3.0, 3.0), ("amount", NAN, None)],
)
def test_values_are_presented_in_the_units_people_use(name: str, value: float, shown: Any) -> None:
    assert SPECS[name].present(value) == shown


def test_reason_codes_are_distinct() -> None:
    assert len({spec.code for spec in SPECS.values()}) == len(SPECS)
