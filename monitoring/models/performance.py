"""How models did on labeled decisions, what decisions led to, and how labels arrive."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class PerformanceWeek(models.Model):
    """How a model did on the decisions of a week, which begins on a Monday (UTC). Computed every night from
    decisions and labels, so that it is neither in the log nor a projection.

    `decided`: the model's decisions; `events`: those that were read and whose class can be known;
    `positives`: of these; `unknown`: blocked ones without a label. `matured`: whether all events were old
    enough for `realized`. `realized`, `estimated` (CBPE) and `adapted` (PAPE) are {metric: [value, low,
    high]}. `examples`: log positions of decisions by kind, such as "missed". `segments` and `days`: figures
    by the value of a field and by day, realized if `matured`, else estimated (CBPE).
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
    segments = models.JSONField(default=list)
    days = models.JSONField(default=list)
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


class LabelDelay(models.Model):
    """How late a source labels the events of the last `days`, compared with those before at the same ages.
    Computed every night; `monitoring.labels.delays.DelayComparison` says what the figures are.
    """

    event_type = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    days = models.IntegerField()
    factor = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    labels = models.IntegerField()
    usual_labels = models.IntegerField()
    median = models.FloatField()
    usual_median = models.FloatField()
    curve = models.JSONField(default=list)
    computed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["event_type", "source"], name="labeldelay_type_source")
        ]

    def __str__(self) -> str:
        return f"delay of {self.event_type} labels of {self.source}"


class BusinessDay(models.Model):
    """What the decisions of a day led to, as far as labels are known at `computed_at`.

    Computed again and again from decisions and labels, so it is neither in the log nor a projection.
    `segment`: a value of `field`, by which events are divided; both are "" for all events. `figures`:
    `monitoring.business.figures.DayFigures`, without those that are 0.
    """

    event_type = models.CharField(max_length=60)
    day = models.DateField()
    field = models.CharField(max_length=60, blank=True, default="")
    segment = models.CharField(max_length=64, blank=True)
    figures = models.JSONField()
    computed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["event_type", "day", "field", "segment"], name="businessday_segment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.field} {self.segment} on {self.day}"


class BusinessHour(models.Model):
    """The events decided in an hour, counted for `BusinessDay`. Kept until their labels are mature.

    `figures`: by field and segment, as in `BusinessDay`, as if no event had a label; `differences`: what the
    labels of the events at the positions `labeled` add to them. `stale`: some of those have changed since.
    """

    event_type = models.CharField(max_length=60)
    start = models.DateTimeField()
    figures = models.JSONField(default=dict)
    differences = models.JSONField(default=dict)
    labeled = ArrayField(models.BigIntegerField(), default=list)
    stale = models.BooleanField(default=False)
    computed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["event_type", "start"], name="businesshour_start")]

    def __str__(self) -> str:
        return f"{self.event_type} at {self.start:%Y-%m-%d %H}:00"
