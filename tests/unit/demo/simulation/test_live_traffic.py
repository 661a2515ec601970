from itertools import islice

import pytest

from demo.simulation.live import LiveTraffic
from demo.simulation.payloads import to_payload
from scoring.catalog.registry import event_type
from scoring.timestamps import from_iso

NOW = "2026-03-01T12:00:00Z"


def traffic(**changes):
    return LiveTraffic(**{"seed": 3, "customers": 2_000, "rate": 5.0} | changes)


def test_events_are_in_order_at_about_the_requested_rate():
    events = list(islice(traffic(), 4_000))
    due = [event.due for event in events]
    assert due == sorted(due)
    assert len(events) / due[-1] == pytest.approx(5.0, rel=0.15)


def test_a_session_is_reproducible_and_differs_from_others():
    first, again, other = (list(islice(traffic(session=s), 200)) for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_customers_rest_until_all_others_have_bought_something():
    ordinary = [
        e.row["customer"] for e in islice(traffic(), 1_000) if not e.scenario and e.row["type"] == "payment"
    ]
    assert len(set(ordinary)) == len(ordinary)


def test_every_payload_is_accepted_by_the_catalog():
    for number, event in enumerate(islice(traffic(fraud_share=0.3), 2_000)):
        payload = to_payload(event.row, id=f"live-{number}", occurred_at=NOW)
        event_type(payload["type"]).parse(payload, now=from_iso(NOW))


def test_most_frauds_are_labeled_and_most_legitimate_payments_are_not():
    events = [event for event in islice(traffic(fraud_share=0.2), 4_000) if event.row["type"] == "payment"]
    frauds = [event for event in events if event.scenario]
    good = [event for event in events if not event.scenario]
    assert sum(event.label == "fraud" for event in frauds) > 0.9 * len(frauds)
    assert sum(event.label is None for event in good) > 0.9 * len(good)
    assert all(event.label_after > 0 for event in events)
