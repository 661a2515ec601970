"""Cases for people to decide, and the index that finds an entity's events."""

from datetime import datetime
from typing import ClassVar

from django.db import models


class CaseQuerySet(models.QuerySet["Case"]):
    def pending(self) -> "CaseQuerySet":
        """Cases that still need a verdict, claimed or not."""
        return self.filter(state__in=(Case.State.OPEN, Case.State.CLAIMED))

    def free(self, now: datetime) -> "CaseQuerySet":
        """Pending cases without a lease: never claimed, released, or the lease expired."""
        return self.pending().filter(~models.Q(state=Case.State.CLAIMED) | models.Q(lease_until__lte=now))

    def held(self, now: datetime) -> "CaseQuerySet":
        """Claimed cases whose lease has not expired."""
        return self.filter(state=Case.State.CLAIMED, lease_until__gt=now)

    def held_by(self, reviewer: str, now: datetime) -> "CaseQuerySet":
        return self.held(now).filter(claimed_by=reviewer)

    def decided_by(self, reviewer: str, *, since: datetime) -> "CaseQuerySet":
        """Cases whose current verdict is the reviewer's, given at `since` or later."""
        return self.filter(state=Case.State.DECIDED, decided_at__gte=since, decided_by=reviewer)


class Case(models.Model):
    """One event for a person to decide. Projection of the stream `case/{event stream}`.

    `stake` and `expected_loss` are in minor units of `currency`. `rank` orders the queue, larger first; see
    `reviews.queue.ranking`. `version` is that of the case's stream. An expired lease leaves no entry: the
    case stays `claimed` and is free to claim.
    """

    class Why(models.TextChoices):
        REVIEW = "review", "sent to review"
        SAMPLE = "sample", "random sample"

    class State(models.TextChoices):
        OPEN = "open"
        CLAIMED = "claimed"
        DECIDED = "decided"
        CLOSED = "closed"

    event_position = models.BigIntegerField(primary_key=True)
    event_stream = models.CharField(max_length=400)
    event_type = models.CharField(max_length=60)
    version = models.IntegerField()
    why = models.CharField("origin", max_length=10, choices=Why.choices)
    state = models.CharField(max_length=10, choices=State.choices)
    outcome = models.CharField(max_length=10)  # the decision under review
    score = models.FloatField(null=True)
    stake = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    expected_loss = models.BigIntegerField()
    rank = models.FloatField()
    opened_at = models.DateTimeField()
    claimed_by = models.CharField(max_length=150, blank=True, default="")
    lease_until = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=40, blank=True, default="")
    reason_code = models.CharField(max_length=40, blank=True, default="")
    note = models.CharField(max_length=32, blank=True, default="")  # digest of a text in the vault
    decided_by = models.CharField(max_length=150, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    closed_because = models.CharField(max_length=200, blank=True, default="")
    released_by = models.CharField(
        max_length=150, blank=True, default=""
    )  # the last reviewer who released it
    released_at = models.DateTimeField(null=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                models.F("rank").desc(),
                name="case_queue",
                condition=models.Q(state__in=("open", "claimed")),
            ),
            models.Index(
                fields=["opened_at"], name="case_oldest", condition=models.Q(state__in=("open", "claimed"))
            ),
            models.Index(
                fields=["claimed_by", "lease_until"], name="case_lease", condition=models.Q(state="claimed")
            ),
            models.Index(fields=["state", "-decided_at"], name="case_decided"),
        ]
        permissions: ClassVar = [
            ("work_case", "Can claim, decide and release cases, and undo own verdicts"),
            ("undo_verdict", "Can undo any reviewer's verdict"),
        ]

    def __str__(self) -> str:
        return self.event_stream

    def is_held(self, now: datetime) -> bool:
        """Whether a lease on it is still running."""
        return self.state == self.State.CLAIMED and self.lease_until is not None and self.lease_until > now

    def is_held_by(self, reviewer: str, now: datetime) -> bool:
        return self.is_held(now) and self.claimed_by == reviewer

    def is_free(self, now: datetime) -> bool:
        """Whether it can be claimed by anyone."""
        return self.state in (self.State.OPEN, self.State.CLAIMED) and not self.is_held(now)


class EventEntity(models.Model):
    """An event of an entity. Written by the consumer `reviews.entities` only.

    `entity` is a 64-bit hash (`reviews.console.entity_index.entity_key`), `position` that of the event's
    receipt. So an entity's history is one range of the primary key, read newest first from its end.
    """

    pk = models.CompositePrimaryKey("entity", "position")
    entity = models.BigIntegerField()
    position = models.BigIntegerField()


class EventSender(models.Model):
    """A source that has sent events of a type; with these, an event is found by its external id alone.

    Written by the consumer `reviews.entities` only.
    """

    pk = models.CompositePrimaryKey("event_type", "source")
    event_type = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
