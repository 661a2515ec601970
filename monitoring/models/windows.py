"""Windows of counts over the log, by minute or hour."""

from datetime import timedelta
from typing import ClassVar

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


class VectorWindow(models.Model):
    """One hour of the vectors that a model version decided on, counted in the bins of its reference.

    `features` is int64 [features, bins + 1] as little-endian bytes, padded with zeros to the largest number
    of bins, missing values in the last column; `scores` is int64 [bins]; `contributions` is int64 [features],
    the absolute contributions of each feature, summed in millionths of log-odds (empty in windows older than
    this column). Only first decisions by the model, no fallbacks.
    """

    event_type = models.CharField(max_length=60)
    model = models.CharField(max_length=80)
    start = models.DateTimeField()
    rows = models.BigIntegerField(default=0)
    features = models.BinaryField()
    scores = models.BinaryField()
    contributions = models.BinaryField(default=bytes)

    LENGTH: ClassVar[timedelta] = timedelta(hours=1)

    class Meta:
        abstract = True

    def outcomes(self) -> dict[str, int]:
        """The number of decisions by outcome; empty where they are not counted."""
        return {}


class ModelWindow(VectorWindow):
    """One hour of a model version. Written by the consumer `monitoring.model_windows` only."""

    decided_allow = models.BigIntegerField(default=0)
    decided_review = models.BigIntegerField(default=0)
    decided_block = models.BigIntegerField(default=0)
    decided_other = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "start"], name="modelwindow_model_start")]

    def __str__(self) -> str:
        return f"{self.model} at {self.start:%Y-%m-%d %H}:00"

    def outcomes(self) -> dict[str, int]:
        """The number of decisions by outcome, for the outcomes that its event type declares."""
        kind = event_types().get(self.event_type)
        outcomes = BASIC_OUTCOMES if kind is None else kind.outcomes
        return {outcome: _of_outcome(self, "decided", outcome) for outcome in outcomes}


class ModelSenderWindow(VectorWindow):
    """One hour of a model version's decisions on the events of one sender, which `source` names.

    Written by the consumer `monitoring.sender_windows` only. Kept for `monitoring.windows.senders.KEPT`.
    """

    source = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "source", "start"], name="modelsenderwindow_key")
        ]
        indexes = [models.Index(fields=["model", "start"], name="modelsenderwindow_model")]

    def __str__(self) -> str:
        return f"{self.model} from {self.source} at {self.start:%Y-%m-%d %H}:00"


class ModelSegmentWindow(VectorWindow):
    """Four hours of a model version's decisions on a segment: the events with one value of a feature.

    Written by `monitoring.drift.groups.segment_windows` only, of at most a sample of the decisions, and kept
    for its `KEPT`.
    """

    LENGTH: ClassVar[timedelta] = timedelta(hours=4)

    field = models.CharField(max_length=80)
    value = models.CharField(max_length=80)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["model", "field", "value", "start"], name="modelsegmentwindow_key"
            )
        ]
        indexes = [models.Index(fields=["model", "start"], name="modelsegmentwindow_model")]

    def __str__(self) -> str:
        return f"{self.model} for {self.field} {self.value} at {self.start:%Y-%m-%d %H}:00"


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


class ArmWindow(models.Model):
    """One hour of a model at one version of its route. Written by the consumer `monitoring.arms` only.

    Counts first decisions on events that the route assigned to the model: `decided` by it, or `failed`
    because it could not be used. `blocked`: those decided as block, before a breaker or exploration changed
    that. `right_blocks`, `wrong_blocks`: those of them with a positive or a negative label by now. `waited`
    and `latency`: as in `TrafficWindow`, timeouts included. `scores`: int64 in the bins of the model's
    reference as little-endian bytes, empty without one.
    """

    event_type = models.CharField(max_length=60)
    route = models.IntegerField()  # the version
    model = models.CharField(max_length=80)
    start = models.DateTimeField()
    decided = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    blocked = models.BigIntegerField(default=0)
    right_blocks = models.BigIntegerField(default=0)
    wrong_blocks = models.BigIntegerField(default=0)
    waited = models.BigIntegerField(default=0)
    latency = ArrayField(models.BigIntegerField(), default=list)
    scores = models.BinaryField(default=bytes)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event_type", "model", "route", "start"], name="armwindow_model_route_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} at route {self.route}, {self.start:%Y-%m-%d %H}:00"
