import pytest

from scoring.intake.answers import fields_as_sent
from scoring.intake.receive import (
    MAX_URGENT_EVENTS,
    conflicting_fields,
    differing_fields,
    priority_of,
    received_entry,
    vault_items,
)
from scoring.lanes.queue import NORMAL, URGENT
from scoring.log.entries import NewEntry
from tests.factories.log import as_read
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


def test_a_different_exchange_rate_is_not_a_conflict():
    sent = data() | {"fields": {"amount": {"minor": 5, "currency": "EUR", "rate": "1.1", "base_minor": 6}}}
    again = data() | {"fields": {"amount": {"minor": 5, "currency": "EUR", "rate": "1.2", "base_minor": 7}}}
    assert differing_fields(sent, again) == []


def test_personal_values_stay_out_of_the_entry():
    entry = received_entry(submission(payment_payload(1, ip="192.0.2.99")), source="shop")
    assert "192.0.2.99" not in str(entry.data)
    assert len(entry.data["fields"]["ip"]) == 32


def test_a_stream_is_type_source_and_id():
    assert received_entry(submission(payment_payload(1)), source="shop").stream == "payment/shop/T-1"


def test_fields_are_returned_as_sent_except_personal_ones():
    payload = payment_payload(1, amount="1234.5")
    shown = fields_as_sent(received_entry(submission(payload), source="shop").data)
    assert shown["amount"] == "1234.50"
    assert shown["currency"] == "USD"
    assert shown["card"] == payload["card"]
    assert "ip" not in shown


def test_personal_values_go_to_the_vault_by_kind():
    submissions = [submission(payment_payload(number, ip=f"192.0.2.{number}")) for number in (1, 2)]
    assert vault_items(submissions) == [("ip", "192.0.2.1"), ("ip", "192.0.2.2")]


def test_a_receipt_records_its_actor_and_whether_it_is_history():
    live = received_entry(submission(payment_payload(1)), source="shop")
    past = received_entry(submission(payment_payload(1)), source="shop", actor="ann", history=True)
    assert (live.data["history"], live.metadata) == (False, {})
    assert (past.data["history"], past.metadata) == (True, {"actor": "ann"})
    assert live.expected_version == 0


@pytest.mark.parametrize(
    ("count", "wait", "priority"),
    [
        (1, None, NORMAL),
        (1, 0.5, URGENT),
        (MAX_URGENT_EVENTS, 0.5, URGENT),
        (MAX_URGENT_EVENTS + 1, 0.5, NORMAL),
    ],
    ids=["not waited for", "waited for", "as many as may overtake", "a list that counts as bulk"],
)
def test_clients_that_wait_for_a_few_events_come_first(count, wait, priority):
    assert priority_of(count, wait=wait) == priority


@pytest.mark.parametrize(
    ("sent", "fields"),
    [("10.00", []), ("20.00", []), ("30.00", []), ("40.00", ["amount"])],
    ids=["as received", "as first corrected", "as corrected last", "as it never was"],
)
def test_an_event_may_be_sent_again_as_it_was_or_as_any_correction_made_it(sent, fields):
    received = as_read(received_entry(submission(payment_payload(1, amount="10.00")), source="shop"))
    stream = [received]
    for amount in ("20.00", "30.00"):
        corrected = NewEntry(received.stream, len(stream), "event.corrected", data(amount=amount))
        stream.append(as_read(corrected))
    stream.append(as_read(NewEntry(received.stream, 3, "event.retracted", {"reason": "why"})))
    assert conflicting_fields(stream, data(amount=sent)) == fields
