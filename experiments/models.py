"""Experiments, their exposures and their results."""

from django.db import models
from django.db.models import Q


class Experiment(models.Model):
    """Two models that share an event type's traffic. Projection of the stream `experiment/{name}`."""

    class State(models.TextChoices):
        RUNNING = "running"
        STOPPED = "stopped"
        INTERRUPTED = "interrupted"  # the route was changed while it ran

    name = models.CharField(max_length=60, primary_key=True)
    event_type = models.CharField(max_length=60)
    state = models.CharField(max_length=12, choices=State.choices, default=State.RUNNING)
    hypothesis = models.CharField(max_length=500)
    control = models.CharField(max_length=80)  # model
    treatment = models.CharField(max_length=80)  # model
    share = models.FloatField()  # share of units that get the treatment
    unit = models.CharField(max_length=60)  # the entity field that is hashed
    salt = models.CharField(max_length=40)
    route_version = models.IntegerField()
    primary_metric = models.CharField(max_length=40)
    plan = models.JSONField(default=dict)  # {"baseline", "effect", "units"}, or empty
    started_by = models.CharField(max_length=80)
    started_at = models.DateTimeField()
    ended_by = models.CharField(max_length=80, blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True, default="")
    winner = models.CharField(max_length=10, blank=True, default="")

    class Meta:
        default_permissions = ("view", "add", "change")
        constraints = [
            models.UniqueConstraint(
                fields=["event_type"], name="experiment_one_running", condition=Q(state="running")
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def stream(self) -> str:
        return f"experiment/{self.name}"


class Exposure(models.Model):
    """One decision in an experiment. Written by the consumer `experiments.exposures` only."""

    class Arm(models.TextChoices):
        CONTROL = "control"
        TREATMENT = "treatment"

    event_position = models.BigIntegerField(primary_key=True)
    experiment = models.CharField(max_length=60)
    arm = models.CharField(max_length=10, choices=Arm.choices)
    unit = models.BigIntegerField()  # first 64 bits of the SHA-256 of the unit's value
    outcome = models.CharField(max_length=10)
    score = models.FloatField(null=True)
    stake = models.BigIntegerField(null=True)  # minor units of the type's base currency
    decided_at = models.DateTimeField()
    label = models.CharField(max_length=40, null=True)  # the effective one
    labelled_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["experiment", "decided_at"], name="exposure_by_time")]


class ExperimentResult(models.Model):
    """An experiment's results, so that its page reads one row.

    `changes` counts the batches of exposures and labels received, `computed_changes` those included in
    `data`. A count rather than a time, because a consumer may commit later than its timestamps say.
    """

    experiment = models.CharField(max_length=60, primary_key=True)
    changes = models.BigIntegerField(default=0)
    computed_changes = models.BigIntegerField(default=-1)
    as_of = models.DateTimeField(null=True)
    data = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
