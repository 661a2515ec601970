"""What happened in each minute and hour, and what each model saw and said: counted from the log."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from scoring.decisions.models import Decision


class Window(models.Model):
    """A stretch of time of one event type, from `start` (UTC). Written by `monitoring.windows` alone.

    Live entries count when they were recorded, entries of loaded history when they happened. Everything is a
    sum (or a maximum) of integers: the same however the entries were batched, so that a rebuilt window equals
    the first one.

    `latency`: first decisions for which a client waited, counted by microseconds since receipt in the bins of
    `monitoring.windows.latency_histogram`, up to the last filled one. `stake_*`: amounts decided about, in
    minor units of the type's base currency. `positives` and `fraud_stake`: events that a label made positive
    and their stakes, less those whose label was retracted.
    """

    event_type = models.CharField(max_length=60)
    start = models.DateTimeField()
    received = models.BigIntegerField(default=0)
    decided_allow = models.BigIntegerField(default=0)
    decided_review = models.BigIntegerField(default=0)
    decided_block = models.BigIntegerField(default=0)
    stake_allow = models.BigIntegerField(default=0)
    stake_review = models.BigIntegerField(default=0)
    stake_block = models.BigIntegerField(default=0)
    fallbacks = models.BigIntegerField(default=0)
    revised = models.BigIntegerField(default=0)
    parked = models.BigIntegerField(default=0)
    labels = models.BigIntegerField(default=0)
    positives = models.BigIntegerField(default=0)
    fraud_stake = models.BigIntegerField(default=0)
    latency_us_sum = models.BigIntegerField(default=0)
    latency_us_max = models.BigIntegerField(default=0)
    latency = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.event_type} at {self.start:%Y-%m-%d %H:%M}"

    @property
    def decided(self) -> int:
        return self.decided_allow + self.decided_review + self.decided_block


class HourlyWindow(Window):
    """One hour of one event type."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_type", "start"], name="hourlywindow_type_start")
        ]
        indexes = [models.Index(fields=["-start", "event_type"], name="hourlywindow_latest")]


class MinuteWindow(Window):
    """One minute of one event type. Kept for a few days: `monitoring.windows.hourly.MINUTES_KEPT`."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_type", "start"], name="minutewindow_type_start")
        ]
        indexes = [models.Index(fields=["-start", "event_type"], name="minutewindow_latest")]


class ModelWindow(models.Model):
    """What one model version saw and said in one hour. Written by `monitoring.model_windows` alone.

    Counted in the bins of the version's reference, so that both can be compared. `features` is int64
    [features, bins + 1] as little-endian bytes, padded with zeros to the feature of most bins, missing values
    in the last column; `scores` is int64 [bins]; `contributions` is int64 [features], how far each feature
    moved margins either way, summed in millionths of log-odds (empty for a window from before they were
    counted). First decisions by the model only, no fallbacks.
    """

    event_type = models.CharField(max_length=60)
    model = models.CharField(max_length=80)
    start = models.DateTimeField()
    rows = models.BigIntegerField(default=0)
    decided_allow = models.BigIntegerField(default=0)
    decided_review = models.BigIntegerField(default=0)
    decided_block = models.BigIntegerField(default=0)
    features = models.BinaryField()
    scores = models.BinaryField()
    contributions = models.BinaryField(default=bytes)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "start"], name="modelwindow_model_start")]

    def __str__(self) -> str:
        return f"{self.model} at {self.start:%Y-%m-%d %H}:00"

    def outcomes(self) -> dict[str, int]:
        return {outcome: getattr(self, f"decided_{outcome}") for outcome in Decision.Outcome.values}


class BatchWindow(models.Model):
    """What the decisions of one hour had of one batch view. Written by `monitoring.batch_views` alone.

    `fresh` had a version; the others none: none was published yet, the newest was stale, or Redis had lost
    it. `age_us_*`: over the fresh ones, from what the version was computed as of to the event's receipt.
    """

    view = models.CharField(max_length=120)  # "{event type}.{name}"
    start = models.DateTimeField()
    fresh = models.BigIntegerField(default=0)
    unpublished = models.BigIntegerField(default=0)
    stale = models.BigIntegerField(default=0)
    lost = models.BigIntegerField(default=0)
    age_us_sum = models.BigIntegerField(default=0)
    age_us_max = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["view", "start"], name="batchwindow_view_start")]

    def __str__(self) -> str:
        return f"{self.view} at {self.start:%Y-%m-%d %H}:00"
