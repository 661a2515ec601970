"""Windows of counts over the log, by minute or hour; guardrails of deployed models; retraining triggers.

Where Django also finds the tables of rooms that define their own.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from monitoring.alerts.models import (
    Alert,
    AlertChange,
    AlertSilence,
    AlertTimer,
    MetricCheck,
    RecentValues,
    StoredAlertRule,
)
from monitoring.notifications.models import AlertNotice, NotificationMessage, NotificationSettings
from scoring.catalog.outcomes import BASIC_OUTCOMES
from scoring.catalog.registry import event_types
from scoring.configuration.type_settings.models import StoredSettings

__all__ = [
    "Alert",
    "AlertChange",
    "AlertNotice",
    "AlertSilence",
    "AlertTimer",
    "ArmWindow",
    "BatchWindow",
    "GuardrailTrip",
    "HourlyWindow",
    "MetricCheck",
    "MinuteWindow",
    "ModelWindow",
    "NotificationMessage",
    "NotificationSettings",
    "RecentValues",
    "StoredAlertRule",
    "StoredGuardrails",
    "StoredTriggers",
    "TrafficWindow",
    "TriggerCheck",
]


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


class StoredGuardrails(StoredSettings):
    """Guardrails by event type. Projection of `guardrail.changed`."""

    class Meta:
        verbose_name = "guardrails"
        verbose_name_plural = "guardrails"
        permissions = [("set_guardrails", "Can change the guardrails of models")]


class GuardrailTrip(models.Model):
    """A deployed model that exceeded a guardrail. Projection of `guardrail.tripped`, by its position.

    `since_route`: the route's version since which the model had its `role`. `figures`: as in the entry.
    `action`: `rolled_back`, or `none` with the cause in `why_not`.
    """

    position = models.BigIntegerField(primary_key=True)
    event_type = models.CharField(max_length=60)
    model = models.CharField(max_length=80)
    role = models.CharField(max_length=20)
    since_route = models.IntegerField()
    action = models.CharField(max_length=20)
    why_not = models.CharField(max_length=500, blank=True, default="")
    figures = models.JSONField()
    tripped_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["event_type", "-tripped_at"], name="guardrailtrip_latest")]

    def __str__(self) -> str:
        return f"guardrail of {self.model}: {self.action}"


class StoredTriggers(StoredSettings):
    """Retraining triggers by event type. Projection of `trigger.changed`."""

    class Meta:
        verbose_name = "retraining triggers"
        verbose_name_plural = "retraining triggers"
        permissions = [("set_triggers", "Can change the retraining triggers of models")]


class TriggerCheck(models.Model):
    """The last check of an event type's retraining triggers, for display only; it is not in the log.

    `model`: the champion then. `readings`: one for each trigger. `training`: the number of the training that
    was requested, None if none was, for the reason `why_not`.
    """

    event_type = models.CharField(max_length=60, primary_key=True)
    checked_at = models.DateTimeField()
    model = models.CharField(max_length=80, blank=True, default="")
    readings = models.JSONField(default=list)
    training = models.IntegerField(null=True)
    why_not = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"retraining triggers of {self.event_type} at {self.checked_at:%Y-%m-%d %H:%M}"


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


class PerformanceWeek(models.Model):
    """How a model did on the decisions of a week, which begins on a Monday (UTC). Computed every night from
    decisions and labels, so that it is neither in the log nor a projection.

    `decided`: the model's decisions; `events`: those that were read and whose class can be known;
    `positives`: of these; `unknown`: blocked ones without a label. `matured`: whether all events were old
    enough for `realized`. `realized`, `estimated` (CBPE) and `adapted` (PAPE) are {metric: [value, low,
    high]}. `examples`: log positions of decisions by kind, such as "missed".
    """

    event_type = models.CharField(max_length=60)
    model = models.CharField(max_length=80)
    start = models.DateTimeField()
    until = models.DateTimeField()
    decided = models.BigIntegerField()
    events = models.BigIntegerField()
    positives = models.BigIntegerField()
    unknown = models.BigIntegerField()
    matured = models.BooleanField()
    realized = models.JSONField(default=dict)
    estimated = models.JSONField(default=dict)
    adapted = models.JSONField(default=dict)
    examples = models.JSONField(default=dict)
    computed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["model", "start"], name="performanceweek_model_start")]

    def __str__(self) -> str:
        return f"{self.model} in the week of {self.start:%Y-%m-%d}"


class ModelPerformance(models.Model):
    """How a model does on its latest matured decisions. Computed every night, as `PerformanceWeek` is.

    `promised`: {metric: [value, low, high]} on the events held out at its training, and `expected` the same
    as estimated from their scores alone; {} without them. `realized`: the same of the matured decisions in
    [`since`, `until`). `loss`: of average precision against the promise, [value, low, high]. `calibration`:
    [mean score, observed share, effective rows] of each bin. `segments`: figures by the value of a field.
    `concept`: the last change of the excess log loss.
    """

    model = models.CharField(max_length=80, primary_key=True)
    event_type = models.CharField(max_length=60)
    since = models.DateTimeField()
    until = models.DateTimeField()
    decided = models.BigIntegerField()
    events = models.BigIntegerField()
    positives = models.BigIntegerField()
    unknown = models.BigIntegerField()
    promised = models.JSONField(default=dict)
    expected = models.JSONField(default=dict)
    realized = models.JSONField(default=dict)
    loss = models.JSONField(default=list)
    calibration = models.JSONField(default=list)
    segments = models.JSONField(default=list)
    concept = models.JSONField(default=dict)
    examples = models.JSONField(default=dict)
    computed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"performance of {self.model}"


class LabelWeek(models.Model):
    """The labels of the events of a week, which begins on a Monday (UTC). Computed every night.

    `events`: those that occurred. Of a sample of them, `read` (all unless they are very many), `labeled` have
    a label, and `by_source` counts those that each source labeled. `arrivals` is a list of [weeks, days,
    events]: how many first labels became known so many weeks after this one, so many whole days after their
    event occurred.
    """

    event_type = models.CharField(max_length=60)
    start = models.DateTimeField()
    until = models.DateTimeField()
    events = models.BigIntegerField()
    read = models.BigIntegerField()
    labeled = models.BigIntegerField()
    by_source = models.JSONField(default=dict)
    arrivals = models.JSONField(default=list)
    computed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["event_type", "start"], name="labelweek_type_start")]

    def __str__(self) -> str:
        return f"labels of {self.event_type} in the week of {self.start:%Y-%m-%d}"


class BusinessDay(models.Model):
    """What the decisions of a day led to, as far as labels are known at `computed_at`.

    Computed again and again from decisions and labels, so it is neither in the log nor a projection.
    `segment`: a value of the field that the event type is divided by, "" for all events. `figures`:
    `monitoring.business.figures.DayFigures`.
    """

    event_type = models.CharField(max_length=60)
    day = models.DateField()
    segment = models.CharField(max_length=64, blank=True)
    figures = models.JSONField()
    computed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["event_type", "day", "segment"], name="businessday_segment")
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.segment} on {self.day}"
