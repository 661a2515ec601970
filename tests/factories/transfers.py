"""A made-up event type with outcomes of its own: a transfer may be challenged, or limited."""

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Money


class Transfer(EventType):
    name, lane = "transfer", "transfers"
    outcomes = ("allow", "challenge", "review", "limit", "block")
    failure_outcome = "challenge"

    account = Entity()
    amount = Money()
    country = Category(optional=True)

    features = [amount, account.count(over="1h")]
