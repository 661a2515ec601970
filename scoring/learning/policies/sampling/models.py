"""Samples of an event type's decisions, on which policies are measured where decisions are many."""

from django.db import models


class DecisionSample(models.Model):
    """The decisions of a period that are in a sample, as `stored.ROW`. Computed again and again from
    decisions and labels, so that it is neither in the log nor a projection.

    `decisions`: how many the sample was drawn from; `unknown`: blocked ones whose class nothing shows.
    `first_at`: when the first one was made.
    """

    class Purpose(models.TextChoices):
        JUDGED = "judged"  # old enough to be labeled
        RECENT = "recent"  # of the last weeks, whatever their labels
        LOGGED = "logged"  # as old as JUDGED, also those whose class nothing showed

    event_type = models.CharField(max_length=60)
    purpose = models.CharField(max_length=6, choices=Purpose.choices)
    since = models.DateTimeField()
    until = models.DateTimeField()
    first_at = models.DateTimeField()
    decisions = models.BigIntegerField()
    unknown = models.BigIntegerField(default=0)
    rows = models.BinaryField()
    computed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["event_type", "purpose"], name="decisionsample_type_purpose"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} decisions of {self.event_type}"


class HeadSample(models.Model):
    """The decisions of a period with the scores of `policies`, in a sample as `heads.sampling.row_type` says.
    Computed again and again, as `DecisionSample` is.
    """

    event_type = models.CharField(max_length=60)
    purpose = models.CharField(max_length=6, choices=DecisionSample.Purpose.choices)
    policies = models.JSONField()
    until = models.DateTimeField()
    first_at = models.DateTimeField()
    decisions = models.BigIntegerField()
    unknown = models.BigIntegerField(default=0)
    rows = models.BinaryField()
    computed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["event_type", "purpose"], name="headsample_type_purpose"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.event_type} decisions with scores of policies"


class SampledSegments(models.Model):
    """In which segment of a policy the events of a sample are: the places of segments, int16[n].

    `conditions`: a digest of the segments' names and conditions, and of the number of events. `drawn_at`:
    when the sample was drawn; those of an earlier one are deleted.
    """

    event_type = models.CharField(max_length=60)
    conditions = models.CharField(max_length=64)
    drawn_at = models.DateTimeField()
    places = models.BinaryField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["event_type", "conditions", "drawn_at"], name="sampledsegments_once"
            ),
        ]

    def __str__(self) -> str:
        return f"segments of judged {self.event_type} events"
