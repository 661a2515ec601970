"""Windows of counts over the log: traffic per minute and hour, models and batch views per hour."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from scoring.catalog.outcomes import BASIC_OUTCOMES
from scoring.catalog.registry import event_types


def _of_outcome(window: models.Model, what: str, outcome: str) -> int:
    """A window's count or amount for an outcome, which has a column of its own or is among the others."""
    if outcome in BASIC_OUTCOMES:
        return int(getattr(window, f"{what}_{outcome}"))
    return int(getattr(window, f"{what}_other").get(outcome, 0))


class TrafficWindow(models.Model):
    """The traffic of one event type from `start` (UTC). Written by the consumer `monitoring.windows` only.

    Live entries count at their recording time, loaded history at its event time. All columns are sums (or
    maxima) of integers, so that a rebuilt window equals the original however entries were batched.

    `latency`: first decisions for which a client waited, counted by microseconds since receipt in the bins of
    `monitoring.windows.latency_histogram`, up to the last filled one. `stake_*`: amounts decided about, in
    minor units of the type's base currency. `*_other`: the same by name for outcomes that only some types
    declare. `positives` and `fraud_stake`: events that a label made positive
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
    decided_other = models.JSONField(default=dict)
    stake_other = models.JSONField(default=dict)
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
        return sum(map(self.decided_as, BASIC_OUTCOMES)) + sum(self.decided_other.values())

    def decided_as(self, outcome: str) -> int:
        """The number of first decisions with this outcome."""
        return _of_outcome(self, "decided", outcome)

    def stake_of(self, outcome: str) -> int:
        """The amounts of first decisions with this outcome, in minor units of the base currency."""
        return _of_outcome(self, "stake", outcome)


class HourlyWindow(TrafficWindow):
    """One hour of an event type."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_type", "start"], name="hourlywindow_type_start")
        ]
        indexes = [models.Index(fields=["-start", "event_type"], name="hourlywindow_latest")]


class MinuteWindow(TrafficWindow):
    """One minute of an event type. Kept for a few days: `monitoring.windows.hourly.MINUTES_KEPT`."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_type", "start"], name="minutewindow_type_start")
        ]
        indexes = [models.Index(fields=["-start", "event_type"], name="minutewindow_latest")]


class ModelWindow(models.Model):
    """One hour of a model version. Written by the consumer `monitoring.model_windows` only.

    Counted in the bins of the version's reference, so that the two can be compared. `features` is int64
    [features, bins + 1] as little-endian bytes, padded with zeros to the largest number of bins, missing
    values in the last column; `scores` is int64 [bins]; `contributions` is int64 [features], the absolute
    contributions of each feature, summed in millionths of log-odds (empty in windows older than this column).
    Only first decisions by the model, no fallbacks.
    """

    event_type = models.CharField(max_length=60)
    model = models.CharField(max_length=80)
    start = models.DateTimeField()
    rows = models.BigIntegerField(default=0)
    decided_allow = models.BigIntegerField(default=0)
    decided_review = models.BigIntegerField(default=0)
    decided_block = models.BigIntegerField(default=0)
    decided_other = models.JSONField(default=dict)
    features = models.BinaryField()
    scores = models.BinaryField()
    contributions = models.BinaryField(default=bytes)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "start"], name="modelwindow_model_start")]

    def __str__(self) -> str:
        return f"{self.model} at {self.start:%Y-%m-%d %H}:00"

    def outcomes(self) -> dict[str, int]:
        """The number of decisions by outcome, for the outcomes that its event type declares."""
        kind = event_types().get(self.event_type)
        outcomes = BASIC_OUTCOMES if kind is None else kind.outcomes
        return {outcome: _of_outcome(self, "decided", outcome) for outcome in outcomes}


class BatchWindow(models.Model):
    """One hour of decisions that read a batch view. Written by the consumer `monitoring.batch_views` only.

    `fresh` had a version; the others had none because it was not published yet, stale, or lost from Redis.
    `age_us_*`: from the version's as-of time to the event's receipt, over fresh ones.
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
