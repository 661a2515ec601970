"""Reasons read as a person would say them."""

from typing import Any

import pytest

from scoring.batch.compute.profile import Profile
from scoring.batch.compute.statistics import count
from scoring.catalog.event_type import EventType, Labels
from scoring.catalog.fields import Category, Entity, Number
from scoring.declare import distance, years_since
from scoring.declare.spelling import plural_of
from scoring.features.compile.plan import compile_lane, lane_plan
from scoring.features.compile.specs import FeatureSpec
from scoring.sentences.figures import present
from scoring.sentences.value_sentences import ValueSentences, describe_value
from tests.contract.lanes import MEMBERS, VOCABULARIES
from tests.factories.comments import Comment

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
    ("amount", 123456, 4510.4, "The amount is 1,234.56 USD; usual is 45.10 USD"),
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
        "The amount is 12 times the mean amount of payments with this card in 30 d; usual is 1",
    ),
    (
        "amount_to_card_amount_mean_30d", NAN, NAN,
        "The amount cannot be compared with the mean amount of payments with this card in 30 d,"
        " which is not known or 0",
    ),
    ("hour_of_day", 3, 14, "The hour of day is 03:00 UTC; usual is 14:00 UTC"),
    ("day_of_week", 6, NAN, "The day of the week is Sunday"),
    ("category", 2, 1, "The category is food"),
    ("category", 0, NAN, "The category was never seen in training"),
    ("customer_age", 34, 51, "The customer's age is 34; usual is 51"),
    ("customer_age", NAN, 51, "The customer's age is not known"),
    ("customer_city_pop", 6916, NAN, "The population of the customer's city is 6,916 people"),
    ("card_since_last", 95, 36_000, "95 s since the last payment with this card; usual is 10 h"),
    ("card_since_last", NAN, 36_000, "No earlier payment with this card is known"),
    ("category", NAN, NAN, "The category is not given"),
    ("customer_x_category_count_30d", NAN, 2, "The category is not given"),
    (
        "customer_x_category_amount_mean_30d", NAN, NAN,
        "No payments by this customer in this category in 30 d, or the category is not given",
    ),
    (
        "card_amount_z_30d", 1.02, -0.25,
        "The amount is 1 standard deviation above the mean amount of payments with this card in 30 d;"
        " usual is 0.25 below",
    ),
    (
        "card_amount_z_30d", NAN, -0.25,
        "The amount cannot be compared with the spread of the amount of payments with this card in 30 d,"
        " which is not known or 0",
    ),
    (
        "amount_to_card_amount_max_30d", 1.04, 0.00002,
        "The amount is 1.0 times the largest amount of payments with this card in 30 d; usual is 0.00002",
    ),
    ("card_since_first", 86_400 * 3, NAN, "This card was first seen 3 d ago"),
    ("card_since_first", NAN, NAN, "This card is seen for the first time"),
    ("card_new_merchant", 0, 0.2, "This merchant is not new for this card"),
    ("card_new_merchant", 1, 0.2, "This merchant is new for this card"),
    (
        "card_since_last_same_device", NAN, NAN,
        "This device is not known from payments with this card, or not given",
    ),
    (
        "card_distinct_category_24h", 4, 2,
        "4 different categories in payments with this card in 24 h; usual is 2",
    ),
    ("device_distinct_card_24h", 1, NAN, "1 card in payments on this device in 24 h"),
    ("ip_distinct_card_24h", NAN, NAN, "The address is not given"),
    ("card_x_merchant_count_30d", 2, NAN, "2 payments with this card at this merchant in 30 d"),
    (
        "merchant_fraud_share_7d_after_14d", 0.083, 0.004,
        "8.3 % of payments at this merchant were confirmed as fraud over 7 d, ending 14 d ago;"
        " usual is 0.4 %",
    ),
    ("card_fraud_count_30d_after_0d", 1, NAN, "1 payment with this card confirmed as fraud over 30 d"),
    ("card_refund_count_30d", 3, NAN, "3 refunds with this card in 30 d"),
    ("customer_merchant_km", NAN, 30.5, "The distance between customer and merchant is not known"),
    (
        "customer_merchant_km", 812.4, 30.5,
        "The distance between customer and merchant is 812 km; usual is 30 km",
    ),
    (
        "card_speed_from_last_merchant_lat", 1204, NAN,
        "1,204 km/h needed to get here from the last payment with this card",
    ),
    (
        "card_speed_from_last_merchant_lat", NAN, NAN,
        "Where this payment or the last payment with this card took place is not known",
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
    ("urgent", 0, NAN, "Urgent: no"),
    ("urgent", NAN, NAN, "Urgent: not given"),
    ("account_last_urgent", 1, NAN, "Urgent in the last transfer with this account: yes"),
    ("strange_distance", NAN, NAN, "The strange distance is not known"),
    ("account_count_1h", NAN, NAN, "The account is not given"),
    ("account_fee_mean_5m", NAN, NAN, "No fee is known from transfers with this account in 5 min"),
    ("account_x_payee_count_1h", 2, NAN, "2 transfers with this account and this payee in 1 h"),
    ("terminal_x_payee_new_channel", NAN, NAN, "The channel or the terminal is not given"),
    (
        "terminal_since_last", NAN, NAN,
        "No earlier transfer with this terminal is known, or the terminal is not given",
    ),
    (
        "amount_off", -100, 250,
        "The amount is 1.00 USD below the mean amount of transfers with this account in 1 h;"
        " usual is 2.50 USD above",
    ),
    (
        "account_count_1m_to_account_count_1h", NAN, NAN,
        "The number of transfers with this account in 1 min cannot be compared with the number of transfers"
        " with this account in 1 h, which is 0",
    ),
    (
        "note_symbols_to_note_digits", NAN, NAN,
        "The share of punctuation and symbols in the note cannot be compared with the share of digits in the"
        " note: one of them is not known, or the latter is 0",
    ),
    ("is_weekend", 1, NAN, "It is the weekend"),
    ("is_evening", 0, NAN, "It is not between 19:00 and 22:00 local time"),
    ("gross", 1250, NAN, "The amount plus the fee is 12.50 USD"),
    ("twice", NAN, NAN, "The amount times 2 is not known"),
    (
        "amount_z", -2.25, NAN,
        "The amount is 2.2 standard deviations below the mean amount of transfers with this account in 1 h",
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
    ("terminal_reversal_session_1h_amount_sum", NAN, NAN, "The terminal is not given"),
    ("account_last_amount", 999, NAN, "The amount of the last transfer with this account was 9.99 USD"),
    ("account_changed_payee", 1, NAN, "This payee differs from that of the last transfer with this account"),
    (
        "account_changed_payee", 0, NAN,
        "This payee is the same as that of the last transfer with this account",
    ),
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
        "No transfers with this account in 1 h (22:00 to 23:00 local time)",
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


class SignUp(EventType):
    """Labels, fields and sentences of its own."""

    name, lane = "sign_up", "accounts"
    labels = Labels(positive="abusive", negative="genuine")
    address = Entity(says="from this address", optional=True)
    habits = Profile(address, over="30d", every="1d", stale_after="3d", sign_ups=count())
    delivery_day = Category(optional=True)
    lat, lon = Number(optional=True), Number(optional=True)
    birth_year, credit = Number(optional=True), Number(optional=True, unit="points")

    features = [
        address.fraud_share(over="30d", delay="7d"),
        address.distinct(delivery_day, over="24h"),
        address.since_first(),
        address.count(over="1h") / address.distinct(delivery_day, over="24h"),
        (1 - address.fraud_share(over="7d", delay="7d")).named("good_share"),
        habits.sign_ups.named("habit"),
        years_since(birth_year),
        years_since(birth_year).named("age", says="The person is {value} years old"),
        distance(lat, lon, lat, birth_year),
        credit.named("loyalty"),
        credit.named("bonus", says="The customer has {value}"),
    ]


SIGN_UPS = {spec.name: spec for spec in compile_lane("accounts", (SignUp,)).feature_set("sign_up").features}
OF_SIGN_UPS: list[tuple[str, float, float, str]] = [
    (
        "address_fraud_share_30d_after_7d", 0.5, NAN,
        "50 % of sign ups from this address were confirmed as abusive over 30 d, ending 7 d ago",
    ),
    (
        "address_distinct_delivery_day_24h", 2, NAN,
        "2 different delivery days in sign ups from this address in 24 h",
    ),
    ("address_distinct_delivery_day_24h", NAN, NAN, "The address is not given"),
    ("address_since_first", NAN, NAN, "This address is seen for the first time, or the address is not given"),
    (
        "address_count_1h_to_address_distinct_delivery_day_24h", 3, NAN,
        "The number of sign ups from this address in 1 h is 3 times the number of different delivery days in"
        " sign ups from this address in 24 h",
    ),
    (
        "good_share", 0.25, NAN,
        "1 minus the share of sign ups from this address confirmed as abusive over 7 d, ending 7 d ago"
        " is 25 %",
    ),
    ("habit", 4, NAN, "The number of sign ups from this address in 30 d is 4"),
    ("years_since_birth_year", 34, NAN, "The number of years since the birth year is 34"),
    ("age", 34, 51, "The person is 34 years old; usual is 51"),
    ("age", NAN, 51, "The birth year is not given"),
    (
        "distance_lat_lon_lat_birth_year", NAN, NAN,
        "The distance between lat, lon and lat, birth year is not known",
    ),
    ("loyalty", 7, NAN, "The loyalty is 7 points"),
    ("loyalty", NAN, NAN, "The loyalty is not given"),
    ("bonus", 7, NAN, "The customer has 7 points"),
    ("bonus", NAN, NAN, "The credit is not given"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "usual", "sentence"), OF_SIGN_UPS)
def test_sentences_use_the_event_types_own_nouns(
    name: str, value: float, usual: float, sentence: str
) -> None:
    assert describe_value(SIGN_UPS[name], value=value, usual=usual) == sentence


@pytest.mark.parametrize(
    ("noun", "plural"),
    [
        ("payment", "payments"),
        ("category", "categories"),
        ("day", "days"),
        ("address", "addresses"),
        ("box", "boxes"),
    ],
)
def test_plurals_follow_the_rules_of_spelling(noun: str, plural: str) -> None:
    assert plural_of(noun) == plural


@pytest.mark.parametrize(("name", "value", "usual", "sentence"), OF_THE_BANK)
def test_sessions_conditions_and_arithmetic_are_described_in_plain_words(
    name: str, value: float, usual: float, sentence: str
) -> None:
    assert describe_value(BANK[name], value=value, usual=usual) == sentence


@pytest.mark.parametrize(("name", "value", "usual", "sentence"), SENTENCES)
def test_a_value_is_described_in_plain_words(name: str, value: float, usual: float, sentence: str) -> None:
    assert describe_value(SPECS[name], value=value, usual=usual) == sentence


@pytest.mark.parametrize(
    "spec", [*SPECS.values(), *BANK.values(), *SIGN_UPS.values()], ids=[*SPECS, *BANK, *SIGN_UPS]
)
@pytest.mark.parametrize("value", [NAN, 0.0, 1.0, 2.5])
def test_every_feature_has_a_sentence_for_every_kind_of_value(spec: FeatureSpec, value: float) -> None:
    text = describe_value(spec, value=value, usual=value)
    assert text[0] == text[0].upper()
    assert "nan" not in text.lower().replace("finance", "")
    assert "_" not in text


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_a_kept_sentence_is_the_one_that_would_be_made_anew(spec: FeatureSpec) -> None:
    sentences = ValueSentences(spec)
    for value, usual in [(NAN, 1.0), (0.0, -0.0), (-0.0, 0.0), (1.0, NAN), (2.0, 1.0), (1.0, 2.0)] * 2:
        for own in (True, False):
            anew = describe_value(spec, value=value, usual=usual, own=own)
            assert sentences.describe(value=value, usual=usual, own=own) == anew


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [("amount", 1234.0, 12.34), ("category", 1.0, "gas"), ("card_count_1h", 3.0, 3.0), ("amount", NAN, None)],
)
def test_values_are_presented_in_units_for_people(name: str, value: float, shown: Any) -> None:
    assert present(SPECS[name], value) == shown


def test_reason_codes_are_distinct() -> None:
    assert len({spec.code for spec in SPECS.values()}) == len(SPECS)


@pytest.mark.parametrize(
    ("value", "median", "sentence"),
    [
        (2.1, -4.5, "The text resembles spam"),
        (-1.5, -4.5, "The text is closer to spam than in most comments"),
        (-4.2, -4.5, "The text does not resemble spam"),
        (-7.0, -4.5, "The text does not resemble spam"),
        (-1.5, NAN, "The text does not resemble spam"),
        (NAN, -4.5, "The text is not known"),
    ],
)
def test_a_text_that_is_unlike_the_harmless_ones_is_not_called_unlike_spam(
    value: float, median: float, sentence: str
) -> None:
    specs = compile_lane("comments", (Comment,)).feature_set("comment").features
    [spec] = [each for each in specs if each.name == "text_resemblance_spam"]
    assert describe_value(spec, value=value, usual=median, own=False) == sentence
