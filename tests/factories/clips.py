"""An event type with media: few features, so that a test can say what each of them is."""

from scoring.catalog.event_type import EventType, Labels, days
from scoring.catalog.fields import Entity, Text
from scoring.catalog.media.attachments import Attachments


class Clip(EventType):
    name, lane = "clip", "clips"
    matures_after = days(7)
    outcomes = ("allow", "limit", "review", "block")
    no_model_outcome = "allow"
    labels = Labels(positive="violating", negative="acceptable")

    author = Entity()
    caption = Text(optional=True)
    files = Attachments(optional=True)

    features = [
        files.count(),
        files.pending(),
        files.failed(),
        files.nsfw(),
        author.count(over="24h"),
        author.since_last(),
    ]


class HeldClip(Clip):
    """Held until its files are processed."""

    name = "held_clip"
    media_pending_outcome = "limit"
