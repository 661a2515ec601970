"""What is counted of refused events: names that the catalog has, and kinds."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring.catalog.errors import InvalidEvent, UnknownEventType
from scoring.catalog.registry import event_type
from scoring.intake.errors import LaneBehind, PayloadConflict
from scoring.intake.refusals import found_in_error

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD: Mapping[str, Any] = {
    "id": "T-1",
    "occurred_at": "2026-03-01T11:59:00Z",
    "card": "c-1",
    "customer": "C-1",
    "merchant": "m-1",
    "amount": "12.34",
}


def counted(changes: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(field, kind) of a payment with some members changed; None removes one."""
    payload = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    with pytest.raises(InvalidEvent) as refused:
        event_type("payment").parse(payload, now=NOW)
    return [(each.field, each.kind) for each in found_in_error(refused.value, source="shop")][1:]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"amount": None}, [("amount", "missing")]),
        ({"amount": "-1"}, [("amount", "out_of_range")]),
        ({"amount": "1.234"}, [("amount", "malformed")]),
        ({"amount": True}, [("amount", "wrong_type")]),
        ({"currency": "EURO"}, [("currency", "not_allowed")]),
        ({"occurred_at": "yesterday"}, [("occurred_at", "malformed")]),
        (
            {"occurred_at": (NOW + timedelta(hours=1)).isoformat()},
            [("occurred_at", "in_the_future")],
        ),
        ({"customer_lat": 91}, [("customer_lat", "out_of_range")]),
        ({"category": "4242 4242 4242 4242"}, [("category", "card_number")]),
        ({"colour": "red", "size": 3}, [("", "unknown_field")]),
        ({f"more_{number}": 1 for number in range(20)}, [("", "unknown_field")]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_problems_are_counted_by_field_and_kind(
    changes: Mapping[str, Any], found: list[tuple[str, str]]
) -> None:
    assert counted(changes) == found


def test_an_unknown_type_has_no_name() -> None:
    [found] = found_in_error(UnknownEventType("x" * 50, ("payment",)), source="shop")

    assert found == ("", "shop", "", "refused")


def test_another_payload_for_an_id_counts_with_the_fields_that_differ() -> None:
    found = list(found_in_error(PayloadConflict("payment/shop/T-1", ["amount"]), source="shop"))

    assert found == [("payment", "shop", "", "conflict"), ("payment", "shop", "amount", "differs")]


def test_a_full_queue_says_nothing_about_the_event() -> None:
    assert list(found_in_error(LaneBehind(lane="commerce", queued=1, limit=1, wait=1), source="shop")) == []
