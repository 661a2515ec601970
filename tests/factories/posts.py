"""A second event type that differs from payments: no amount, other labels, its own entities."""

from scoring.catalog.event_type import EventType, Labels, days
from scoring.catalog.fields import Category, Entity
from scoring.declare import hour_of_day


class Post(EventType):
    name = "post"
    lane = "content"
    matures_after = days(7)
    base_currency = "JPY"
    labels = Labels(positive="abusive", negative="fine")

    author = Entity(kind="account", personal=True)
    thread = Entity(optional=True)
    topic = Category(optional=True)

    features = [
        topic,
        hour_of_day(),
        author.count(over="1h 24h"),
        author.since_last(),
        thread.count(over="24h"),
    ]
