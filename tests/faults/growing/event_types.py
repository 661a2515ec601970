"""Orders as in the release GROWING_RELEASE: before, during or after a change of features."""

import os

from scoring.catalog.event_type import EventType, days
from scoring.catalog.fields import Category, Entity, Money

RELEASE = os.environ.get("GROWING_RELEASE", "before")


class Refusal(EventType):
    """An order that was not paid. It is not scored, and only the new features count it."""

    name, lane, scored = "refusal", "orders", False
    customer = Entity()


class Order(EventType):
    name, lane = "order", "orders"
    matures_after = days(14)
    customer, shop = Entity(), Entity()
    amount = Money()
    goods = Category(optional=True)

    old = [
        amount,
        goods,
        customer.count(over="24h 30d"),
        customer.amount.mean(over="30d"),
        customer.since_first(),
        customer.distinct(shop, over="24h", cap=2),
        shop.count(over="1h"),
    ]
    new = [
        goods,
        amount / customer.amount.mean(over="30d"),
        customer.count(over="24h 7d"),
        customer.count(over="30d", of="refusal"),
        customer.distinct(shop, over="24h", cap=8),
        shop.fraud_share(over="30d", delay="1d"),
        amount,
    ]
    features = old if RELEASE == "before" else new
    earlier_features = {"2026-10": old} if RELEASE == "during" else {}
