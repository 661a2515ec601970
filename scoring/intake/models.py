"""Events with their corrections and retractions, and labels: projections of the log."""

from django.db import models


class Event(models.Model):
    """A received event. Projection of `event.received`; the key is that entry's position in the log.

    `occurred_at` is that of the latest version and `versions` its number: 1 as received, one more for each
    `event.corrected`. `retracted_at` is when an `event.retracted` was recorded.
    """

    position = models.BigIntegerField(primary_key=True)
    type = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    external_id = models.CharField(max_length=200)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    history = models.BooleanField(default=False)
    versions = models.SmallIntegerField(default=1)
    retracted_at = models.DateTimeField(null=True)

    event_type_column = "type"

    class Meta:
        indexes = [models.Index(fields=["type", "occurred_at"], name="event_type_occurred_at")]
        permissions = [
            ("retract_event", "Can retract an event"),
            ("export_list", "Can export events, decisions, labels, cases and the log as CSV"),
        ]

    def __str__(self) -> str:
        return self.stream

    @property
    def stream(self) -> str:
        return f"{self.type}/{self.source}/{self.external_id}"


class Amendment(models.Model):
    """A change of an event. Projection of `event.corrected`, `event.enriched` and `event.retracted`.

    `version` is the number of the version from then on; only a correction changes it.
    """

    class Kind(models.TextChoices):
        CORRECTION = "correction"
        ENRICHMENT = "enrichment"
        RETRACTION = "retraction"

    position = models.BigIntegerField(primary_key=True)
    event_position = models.BigIntegerField()
    event_type = models.CharField(max_length=60)
    event_stream = models.CharField(max_length=400)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    version = models.SmallIntegerField()
    reason = models.CharField(max_length=200)
    actor = models.CharField(max_length=160)
    amended_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["event_position"], name="amendment_event"),
            models.Index(fields=["event_stream"], name="amendment_event_stream"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.event_stream}"


class Label(models.Model):
    """A label of an event, or its retraction. Projection of `label.recorded` and `label.retracted`.

    `effective` is the event's label after this entry (None: unlabeled), `previous` the one before.
    `conflict`: after this entry two sources disagree about the event. `policies`: those that the statement
    names as broken; `effective_policies`: those of the effective label.
    """

    position = models.BigIntegerField(primary_key=True)
    event_stream = models.CharField(max_length=400)
    source = models.CharField(max_length=60)
    value = models.CharField(max_length=40, null=True)
    previous = models.CharField(max_length=40, null=True)
    effective = models.CharField(max_length=40, null=True)
    conflict = models.BooleanField(default=False)
    policies = models.JSONField(default=list)
    effective_policies = models.JSONField(default=list)
    known_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["event_stream"], name="label_event_stream"),
            models.Index(fields=["position"], name="label_conflict", condition=models.Q(conflict=True)),
        ]
        permissions = [
            ("upload_label", "Can upload a file of labels"),
            ("upload_review", "Can upload labels as verdicts of the review queue"),
            ("upload_label_history", "Can upload labels that apply from a time in the past"),
        ]

    def __str__(self) -> str:
        return f"{self.source} on {self.event_stream}"
