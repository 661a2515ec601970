"""Payloads are read strictly and canonicalised once; every problem is named."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from scoring.catalog.client_fields import IpAddress
from scoring.catalog.errors import FieldError, InvalidEvent
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Flag, Number, Text
from scoring.event_types.payment import Payment
from scoring.event_types.refund import Refund

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAYLOAD = {
    "type": "payment",
    "id": "T-1",
    "occurred_at": "2026-03-01T11:59:00.25Z",
    "card": "card-1",
    "customer": "customer-1",
    "merchant": "Café Central",
    "amount": "12.34",
}


class SignUp(EventType):
    country = Category()


def parse(**changes: Any) -> Any:
    payload = {name: value for name, value in {**PAYLOAD, **changes}.items() if value is not ...}
    return Payment.parse(payload, now=NOW, rates={"EUR": Decimal("1.1")})


def problems_of(**changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidEvent) as refused:
        parse(**changes)
    return {name: problem for name, problem, _ in refused.value.problems}


def test_a_payload_becomes_canonical() -> None:
    parsed = parse(ip="2001:DB8:0::7", category=" food ", customer_lat=48.0, device=None)
    assert (parsed.event_type, parsed.external_id) == ("payment", "T-1")
    assert parsed.occurred_at == datetime(2026, 3, 1, 11, 59, 0, 250_000, tzinfo=UTC)
    assert parsed.fields == {
        "card": "card-1",
        "customer": "customer-1",
        "merchant": "Café Central",
        "ip": "2001:db8::7",
        "category": "food",
        "customer_lat": 48,
        "amount": {"minor": 1234, "currency": "USD"},
    }
    assert parsed.personal == ("ip",)


def test_other_spellings_of_a_payload_have_the_same_canonical_form() -> None:
    other = parse(
        merchant="Cafe\u0301 Central",
        occurred_at="2026-03-01T12:59:00.250000+01:00",
        amount=12.34,
        currency="USD",
        card=" card-1 ",
        type=...,
    )
    assert other == parse()


def test_a_converted_amount_carries_its_rate() -> None:
    amount = parse(currency="EUR").fields["amount"]
    assert amount == {"minor": 1234, "currency": "EUR", "rate": "1.1", "base_minor": 1357}


CARD_NUMBER = "contains a card number, which must not be stored"


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"id": ...}, {"id": "is missing"}),
        ({"id": ""}, {"id": "must not be empty"}),
        ({"id": 7}, {"id": "must be a string"}),
        ({"id": "x" * 201}, {"id": "is longer than 200 characters"}),
        ({"card": ...}, {"card": "is missing"}),
        ({"card": None}, {"card": "is missing"}),
        ({"card": "x" * 129}, {"card": "is longer than 128 characters"}),
        ({"card": "a\x1fb"}, {"card": "has the character U+001F"}),
        ({"card": "4111 1111 1111 1111"}, {"card": CARD_NUMBER}),
        ({"id": "4111111111111111"}, {"id": CARD_NUMBER}),
        ({"category": "4111-1111-1111-1111"}, {"category": CARD_NUMBER}),
        ({"merchant": "a\nb"}, {"merchant": "has the character U+000A"}),
        ({"merchant": "\ud800"}, {"merchant": "has the character U+D800"}),
        ({"amount": ...}, {"amount": "is missing"}),
        ({"amount": "-1"}, {"amount": "must not be negative"}),
        ({"currency": "BTC"}, {"currency": "is not an ISO 4217 currency"}),
        ({"currency": "XXX"}, {"currency": "is not an ISO 4217 currency"}),
        ({"currency": 840}, {"currency": "is not an ISO 4217 currency"}),
        ({"currency": "u\u017fd"}, {"currency": "is not an ISO 4217 currency"}),
        (
            {"currency": "CHF"},
            {"amount": "no exchange rate from CHF to USD; enter one in the admin, under Exchange rates"},
        ),
        ({"type": "refund"}, {"type": "is another event type"}),
        ({"colour": "red"}, {"colour": "is not a field of this event type"}),
        ({"source": "shop"}, {"source": "is not a field of this event type"}),
        ({"occurred_at": ...}, {"occurred_at": "is missing"}),
        ({"occurred_at": "yesterday"}, {"occurred_at": "is not a time with a time zone"}),
        ({"occurred_at": "2026-03-01"}, {"occurred_at": "is not a time with a time zone"}),
        ({"occurred_at": "2026-03-01T11:00:00"}, {"occurred_at": "is not a time with a time zone"}),
        ({"occurred_at": 1_772_366_340}, {"occurred_at": "is not a time with a time zone"}),
        ({"occurred_at": "1969-12-31T23:59:59Z"}, {"occurred_at": "is out of range"}),
        ({"occurred_at": "0001-01-01T00:00:00+10:00"}, {"occurred_at": "is out of range"}),
        (
            {"occurred_at": "2026-03-01T12:05:00.000001Z"},
            {"occurred_at": "is more than 5 minutes in the future"},
        ),
        ({"customer_lat": "48"}, {"customer_lat": "must be a number"}),
        ({"customer_lat": True}, {"customer_lat": "must be a number"}),
        ({"customer_lat": 91}, {"customer_lat": "is more than 90"}),
        ({"customer_city_pop": float("nan")}, {"customer_city_pop": "must be finite"}),
        ({"ip": "300.1.1.1"}, {"ip": "is not an IP address"}),
        ({"id": ..., "card": "", "amount": "x"}, {
            "id": "is missing", "card": "must not be empty", "amount": "must be a decimal amount",
        }),
    ],
)  # fmt: skip
def test_invalid_values_are_named(changes: dict[str, Any], problems: dict[str, str]) -> None:
    assert problems_of(**changes) == problems


def test_missing_fields_are_named_with_the_allowed_values() -> None:
    with pytest.raises(InvalidEvent) as refused:
        parse(card=..., amount=...)
    assert [(name, allowed) for name, _, allowed in refused.value.problems] == [
        ("card", "string"),
        ("amount", "text such as '12.34'"),
    ]


def test_exactly_five_minutes_ahead_is_accepted() -> None:
    assert parse(occurred_at="2026-03-01T12:05:00Z").occurred_at == NOW + timedelta(minutes=5)


def test_the_error_for_an_unknown_field_names_the_known_ones() -> None:
    with pytest.raises(InvalidEvent) as refused:
        parse(colour="red")
    assert refused.value.problems[0][2] == list(Payment.payload_names())


def test_a_refund_needs_no_more_than_its_own_fields() -> None:
    payload = {name: value for name, value in PAYLOAD.items() if name != "type"}
    assert set(Refund.parse(payload, now=NOW).fields) == {"card", "customer", "merchant", "amount"}


@pytest.mark.parametrize(
    ("field", "raw", "canonical"),
    [
        (Flag(), False, False),
        (Number(), 5.0, 5),
        (Number(), 5.5, 5.5),
        (Text(), "two\nlines", "two\nlines"),
        (Category(values=("a", "b")), "b", "b"),
        (IpAddress(), "::ffff:1.2.3.4", "::ffff:102:304"),
        (Entity(), "e" * 128, "e" * 128),
    ],
)
def test_a_field_gives_its_canonical_value(field: Any, raw: Any, canonical: Any) -> None:
    parsed = field.parse(raw)
    assert (parsed, type(parsed)) == (canonical, type(canonical))
    assert field.parse(parsed) == parsed


@pytest.mark.parametrize(
    ("field", "raw", "allowed"),
    [
        (Flag(), 1, [True, False]),
        (Category(values=("a", "b")), "c", ["a", "b"]),
        (Number(minimum=1), 0, ">= 1"),
        (Number(), 2**53 + 2, f"at most {2**53}"),
        (Text(max_length=3), "four", "at most 3 characters"),
        (Text(), "a\x00", "Unicode text without NUL or surrogates"),
    ],
)
def test_a_field_states_what_it_allows(field: Any, raw: Any, allowed: object) -> None:
    with pytest.raises(FieldError) as refused:
        field.parse(raw)
    assert refused.value.allowed == allowed


def test_the_schema_lists_every_field_and_refuses_others() -> None:
    schema = Payment.json_schema()
    assert set(schema["properties"]) == set(Payment.payload_names())
    assert schema["required"] == ["id", "occurred_at", "card", "customer", "merchant", "amount"]
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("code", ["usd", " USD ", "Usd"])
def test_a_currency_is_read_in_lowercase_and_with_spaces(code: str) -> None:
    assert parse(currency=code) == parse(currency="USD") == parse()


def test_thousands_of_unknown_fields_give_a_short_error() -> None:
    with pytest.raises(InvalidEvent) as refused:
        parse(**{f"unknown_{number}_{'x' * 200}": 1 for number in range(3_000)})
    assert len(refused.value.problems) == 6
    assert refused.value.problems[5][1] == "has 2,995 more fields that this event type does not have"
    assert max(len(name) for name, _, _ in refused.value.problems) == 100


def test_only_the_last_four_digits_of_a_card_number_in_free_text_are_kept() -> None:
    assert Text().parse("mine is 4111 1111 1111 1111, yours?") == "mine is ************1111, yours?"
    assert Text(card_numbers=True).parse("4111111111111111") == "4111111111111111"


@pytest.mark.parametrize("field", [Entity(card_numbers=True), Category(card_numbers=True)])
def test_a_field_can_opt_in_to_card_numbers(field: Any) -> None:
    assert field.parse("4111111111111111") == "4111111111111111"


@pytest.mark.parametrize(
    ("kind", "fields", "stake"),
    [
        (Payment, {"amount": {"minor": 1234, "currency": "USD"}}, 1234),
        (Payment, {"amount": {"minor": 5, "currency": "EUR", "rate": "1.1", "base_minor": 6}}, 6),
        (Payment, {}, None),
        (SignUp, {"country": "AT"}, None),
    ],
    ids=["in the base currency", "converted", "an event without its amount", "a type without amounts"],
)
def test_the_stake_is_the_amount_in_the_base_currency(kind: Any, fields: Any, stake: Any) -> None:
    assert kind.stake(fields) == stake
