"""Receipts of payments from made-up senders, as the log has them, without a log."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from scoring.log.entries import Entry, NewEntry
from scoring.timestamps import to_iso
from tests.factories.log import as_read

NOW = datetime(2026, 3, 4, 12, 1, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)
CATEGORIES = ("grocery", "travel", "gas", "health")

Fields = dict[str, Any]
Fault = Callable[[Fields], Fields]


def usual_fields(random: Random) -> Fields:
    """A payment as every sender usually sends it: every fifth has no device."""
    fields: Fields = {
        "card": f"card-{random.randrange(10_000, 99_999)}",
        "customer": f"C{random.randrange(10_000, 99_999)}",
        "merchant": f"mer_{random.randrange(1_000, 9_999)}",
        "amount": {"minor": round(100 * random.lognormvariate(3.5, 0.8)), "currency": "USD"},
        "category": random.choice(CATEGORIES),
        "customer_lat": random.uniform(30, 45),
        "customer_lon": random.uniform(-120, -75),
    }
    return fields | ({"device": f"dev-{random.randrange(16**6):06x}"} if random.random() > 0.2 else {})


def payments(
    source: str,
    start: datetime,
    *,
    count: int,
    seed: int = 0,
    fault: Fault | None = None,
    delay: timedelta = timedelta(seconds=2),
) -> Iterator[Entry]:
    """`count` payments spread over the hour from `start`."""
    random = Random(f"{source} {start} {seed}")
    for number in range(count):
        at = start + HOUR * number / count
        fields = usual_fields(random)
        yield receipt(source, at, fields=fault(fields) if fault else fields, delay=delay, number=number)


def receipt(source: str, at: datetime, *, fields: Fields, delay: timedelta, number: int = 0) -> Entry:
    """The receipt of a payment at `at`."""
    data = {
        "type": "payment",
        "source": source,
        "id": f"{at:%m%d%H}-{number}",
        "occurred_at": to_iso(at - delay),
        "history": False,
        "fields": fields,
    }
    new = NewEntry(f"payment/{source}/{data['id']}", 0, "event.received", data)
    return as_read(new)._replace(recorded_at=at)
