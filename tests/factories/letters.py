"""An event type with a text that is compared with known ones, and a file beside it."""

from scoring.catalog.event_type import EventType, Labels, days
from scoring.catalog.fields import Entity, Text
from scoring.catalog.media.attachments import Attachments
from scoring.catalog.policies import Policy, ReasonCode


class Letter(EventType):
    name, lane, matures_after = "letter", "letters", days(7)
    labels = Labels(positive="violating", negative="acceptable")
    outcomes = ("allow", "limit", "review", "block")
    no_model_outcome = failure_outcome = "allow"
    policies = (
        Policy(
            "spam", title="Spam", description="Advertising", reason_codes=(ReasonCode("ad", "Advertising"),)
        ),
        Policy("scam", title="Scams", description="Fraud", reason_codes=(ReasonCode("fraud", "Fraud"),)),
    )

    author = Entity()
    body = Text(optional=True)
    motto = Text(optional=True, personal=False)
    files = Attachments(optional=True)

    features = [
        body.similarity(),
        body.similarity("spam"),
        body.similarity("scam"),
        motto.similarity("spam"),
        body.words(),
        author.count(over="24h"),
        author.since_last(),
    ]
