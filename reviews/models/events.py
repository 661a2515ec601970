"""The index of events by entity, sender and report."""

from typing import ClassVar

from django.db import models


class EventEntity(models.Model):
    """An event of an entity. Written by the consumer `reviews.entities` only.

    `entity` is a 64-bit hash (`reviews.console.entity_index.entity_key`), `position` that of the event's
    receipt. So an entity's history is one range of the primary key, read newest first from its end.
    """

    pk = models.CompositePrimaryKey("entity", "position")
    entity = models.BigIntegerField()
    position = models.BigIntegerField()

    class Meta:
        permissions: ClassVar = [
            ("erase_subject", "Can erase the personal data of an entity"),
            ("see_personal", "Can see personal values without asking for each"),
        ]


class EventSender(models.Model):
    """A source that has sent events of a type; with these, an event is found by its external id alone.

    Written by the consumer `reviews.entities` only.
    """

    pk = models.CompositePrimaryKey("event_type", "source")
    event_type = models.CharField(max_length=60)
    source = models.CharField(max_length=60)


class EventReport(models.Model):
    """A user's report of an event, which need not have been received. Written by the consumer
    `reviews.reports` only.

    `position`: that of the report's receipt. A type of reports may be about several event types.
    """

    pk = models.CompositePrimaryKey("position", "event_stream")
    position = models.BigIntegerField()
    event_stream = models.CharField(max_length=400)
    received_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [models.Index(fields=["event_stream", "received_at"], name="event_report_stream")]
