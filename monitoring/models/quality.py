"""What senders send: counts of events, fields and refused submissions, and what is usual of them."""

from django.db import models


class SenderWindow(models.Model):
    """One hour of the events that a sender sent. Written by the consumer `monitoring.quality` only.

    `live`: without loaded history, which counts at the time it occurred. Of live events, by the time from
    occurrence to receipt: `ahead` occurred more than 5 seconds after they were received, `late` ones were
    received more than an hour and `too_late` ones more than a day after that. `delays`: events by bin of
    `monitoring.quality.counting.DELAY_EDGES`.
    """

    event_type = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    start = models.DateTimeField()
    received = models.BigIntegerField(default=0)
    live = models.BigIntegerField(default=0)
    ahead = models.BigIntegerField(default=0)
    late = models.BigIntegerField(default=0)
    too_late = models.BigIntegerField(default=0)
    delays = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["event_type", "source", "start"], name="senderwindow_start")
        ]

    def __str__(self) -> str:
        return f"{self.event_type} of {self.source} at {self.start:%Y-%m-%d %H}:00"


class FieldCount(models.Model):
    """A field as a sender sends it, over some time. Written by the consumer `monitoring.quality` only.

    `bins`: values by bin of `monitoring.quality.bins`, empty for fields of which only absence is counted.
    """

    event_type = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    field = models.CharField(max_length=80)
    start = models.DateTimeField()
    present = models.BigIntegerField(default=0)
    missing = models.BigIntegerField(default=0)
    bins = models.JSONField(default=dict)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.event_type}.{self.field} of {self.source} at {self.start:%Y-%m-%d %H}:00"


class FieldWindow(FieldCount):
    """One hour of a field, kept for `monitoring.quality.windows.HOURS_KEPT`."""

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["event_type", "source", "field", "start"], name="fieldwindow_start"
            )
        ]
        indexes = [models.Index(fields=["-start"], name="fieldwindow_latest")]


class FieldDay(FieldCount):
    """One day of a field, UTC, kept for `monitoring.quality.windows.DAYS_KEPT`."""

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["event_type", "source", "field", "start"], name="fieldday_start")
        ]
        indexes = [models.Index(fields=["-start"], name="fieldday_latest")]


class SubmissionWindow(models.Model):
    """One hour of what a sender sent and the log does not have: refused events and repeated ones.

    Counted by web processes (`scoring.signals.submissions`) and moved here from Redis. `kind` and `field`:
    as there.
    """

    event_type = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=60)
    field = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=20)
    start = models.DateTimeField()
    count = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["event_type", "source", "field", "kind", "start"], name="submissionwindow_start"
            )
        ]
        indexes = [models.Index(fields=["-start"], name="submissionwindow_latest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_type}.{self.field} of {self.source}: {self.count}"


class QualityBaseline(models.Model):
    """What is usual of a sender (`field` is empty) or of one of its fields, computed once a day.

    `data`: `monitoring.quality.baselines.SenderBaseline` or `FieldBaseline` as JSON.
    """

    event_type = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    field = models.CharField(max_length=80, blank=True)
    data = models.JSONField()
    computed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["event_type", "source", "field"], name="qualitybaseline_field")
        ]

    def __str__(self) -> str:
        return f"usual {self.event_type}.{self.field} of {self.source}"
