"""Payloads and submissions of payments and refunds, valid unless changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from scoring.catalog.registry import event_type
from scoring.intake.receive import Submission
from scoring.timestamps import to_iso

MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)


def payment_payload(number: int, **changes: Any) -> dict[str, Any]:
    """A payment, one per minute from MARCH on; five cards and three merchants take turns."""
    payload = {
        "type": "payment",
        "id": f"T-{number}",
        "occurred_at": to_iso(MARCH + timedelta(minutes=number)),
        "card": f"card-{number % 5}",
        "customer": f"customer-{number % 5}",
        "merchant": f"merchant-{number % 3}",
        "device": f"device-{number % 4}",
        "ip": f"192.0.2.{number % 7}",
        "amount": f"{10 + number % 13}.50",
        "currency": "USD",
        "category": "grocery",
    }
    return {name: value for name, value in (payload | changes).items() if value is not None}


def refund_payload(number: int, **changes: Any) -> dict[str, Any]:
    payload = {
        "type": "refund",
        "id": f"R-{number}",
        "occurred_at": to_iso(MARCH + timedelta(minutes=number, seconds=30)),
        "card": f"card-{number % 5}",
        "customer": f"customer-{number % 5}",
        "merchant": f"merchant-{number % 3}",
        "amount": "5.00",
        "currency": "USD",
    }
    return payload | changes


def submission(payload: dict[str, Any]) -> Submission:
    """The payload as the API passes it to intake."""
    kind = event_type(payload["type"])
    return Submission(kind.name, kind.parse(payload, now=datetime.now(UTC), rates={}))


def payments(count: int, *, start: int = 0, **changes: Any) -> list[Submission]:
    return [submission(payment_payload(number, **changes)) for number in range(start, start + count)]
