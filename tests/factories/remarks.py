"""An event type with text fields."""

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity, Text


class Remark(EventType):
    name, lane = "remark", "remarks"
    author = Entity()
    comment, title = Text(max_length=500), Text(optional=True, personal=False)

    features = [
        author.count(over="1h"),
        comment.length(),
        comment.words(),
        comment.links(),
        comment.capitals(),
        comment.digits(),
        comment.symbols(),
        comment.longest_run(),
        comment.hidden_links(),
        comment.contacts(),
        comment.mentions(),
        comment.hashtags(),
        comment.emoji(),
        comment.disguises(),
        comment.disguised(),
        comment.repetition(),
        title.capitals(),
        (title.length() / comment.length()).named("title_share"),
    ]
