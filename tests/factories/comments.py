"""An event type with a text and policies."""

from scoring.catalog.event_type import EventType, Labels, days
from scoring.catalog.fields import Entity, Text
from scoring.catalog.policies import Policy, ReasonCode


class Comment(EventType):
    name, lane, matures_after = "comment", "comments", days(1)
    labels = Labels(positive="violating", negative="acceptable")
    policies = (
        Policy(
            "spam", "Spam", "Unsolicited advertising", reason_codes=(ReasonCode("links", "Advertises links"),)
        ),
        Policy("scam", "Scam", "Attempts to defraud readers"),
    )

    author = Entity()
    text = Text(optional=True, max_length=5_000)

    features = [
        author.count(over="1h 24h"),
        text.length(),
        text.links(),
        text.capitals(),
        text.resemblance(),
        text.resemblance("spam"),
        text.resemblance("scam"),
    ]
