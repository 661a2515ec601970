import pytest

from scoring.decisions.answers import fields_as_sent
from scoring.decisions.intake import differing_fields, received_entry
from tests.factories.payments import payment_payload, submission


def data(**changes):
    return received_entry(submission(payment_payload(1, **changes)), source="shop").data


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"amount": "12.00"}, ["amount"]),
        ({"card": "card-9", "device": None}, ["card", "device"]),
        ({"ip": "192.0.2.200"}, ["ip"]),
        ({"occurred_at": "2026-03-01T00:00:00Z"}, ["occurred_at"]),
    ],
    ids=["the same", "another amount", "another card, no device", "another address", "another time"],
)
def test_differing_fields(changes, fields):
    assert differing_fields(data(), data(**changes)) == fields


def test_the_days_exchange_rate_is_not_the_senders_doing():
    sent = data() | {"fields": {"amount": {"minor": 5, "currency": "EUR", "rate": "1.1", "base_minor": 6}}}
    again = data() | {"fields": {"amount": {"minor": 5, "currency": "EUR", "rate": "1.2", "base_minor": 7}}}
    assert differing_fields(sent, again) == []


def test_personal_values_stay_out_of_the_entry():
    entry = received_entry(submission(payment_payload(1, ip="192.0.2.99")), source="shop")
    assert "192.0.2.99" not in str(entry.data)
    assert len(entry.data["fields"]["ip"]) == 32


def test_a_stream_is_type_source_and_id():
    assert received_entry(submission(payment_payload(1)), source="shop").stream == "payment/shop/T-1"


def test_the_fields_come_back_as_sent_but_for_personal_ones():
    payload = payment_payload(1, amount="1234.5")
    shown = fields_as_sent(received_entry(submission(payload), source="shop").data)
    assert shown["amount"] == "1234.50"
    assert shown["currency"] == "USD"
    assert shown["card"] == payload["card"]
    assert "ip" not in shown
