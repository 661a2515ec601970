"""An event type with its own lane, whose features read batch views of every kind, and its payloads."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from scoring.batch.compute.embedding import Embedding
from scoring.batch.compute.profile import Profile
from scoring.batch.compute.statistics import count, median
from scoring.batch.compute.trend import Trend
from scoring.catalog.event_type import EventType, days
from scoring.catalog.fields import Entity, Money
from scoring.intake.receive import Submission
from scoring.timestamps import to_iso
from tests.factories.payments import submission

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Sale(EventType):
    name, lane = "sale", "sales"
    matures_after = days(1)
    customer, merchant = Entity(), Entity(optional=True)
    amount = Money()

    habits = Profile(customer, over="7d", every="1d", stale_after="3d", sales=count(), typical=median(amount))
    taste = Embedding(customer, merchant, over="7d", every="1d", stale_after="7d", dimensions=2)
    rush = Trend(merchant, over="1h", against="24h", every="10m", stale_after="45m")

    features = [
        amount,
        customer.count(over="1h"),
        habits.sales,
        amount / habits.typical,
        taste.affinity,
        rush.ratio,
        rush.count,
    ]


def sale(number: int, *, at: datetime, **changes: Any) -> dict[str, Any]:
    """A sale; four customers and three merchants take turns, with different amounts per combination."""
    payload = {
        "type": "sale",
        "id": f"S-{number}",
        "occurred_at": to_iso(at),
        "customer": f"customer-{number % 4}",
        "merchant": f"merchant-{number % 3}",
        "amount": f"{5 + number * 7 % 31}.25",
        "currency": "USD",
    }
    return {name: value for name, value in (payload | changes).items() if value is not None}


def sales(count: int, *, start: int, at: datetime, **changes: Any) -> Sequence[Submission]:
    """Sales within one minute from `at`."""
    return [
        submission(sale(number, at=at + timedelta(seconds=number % 60), **changes))
        for number in range(start, start + count)
    ]
