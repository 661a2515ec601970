"""Trainings and evaluations with their progress, and the gates of model versions."""

from django.db import models

from scoring.jobs.rows import JobRow, ProgressRow


class TrainingJob(JobRow):
    """A training that a person, a schedule or a trigger requested. Projection of `training/{number}`.

    `trigger`: why a trigger requested it, {"trigger", "model", "text", "figures"}; {} for other trainings.
    """

    options = models.JSONField(default=dict)
    trigger = models.JSONField(default=dict)
    model = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        verbose_name = "training"
        permissions = [("cancel_trainingjob", "Can cancel a training")]

    def __str__(self) -> str:
        return f"training {self.number}"


class TrainingProgress(ProgressRow):
    """The progress of a running training."""


class EvaluationJob(JobRow):
    """A comparison on folds that a person or a command requested. Projection of `evaluation/{number}`.

    `options`: what is compared on which folds. `versions`: those that take part, by themselves or by
    their recipes. `result`: as `describe_comparison` gives it; empty until it has finished.
    """

    options = models.JSONField(default=dict)
    versions = models.JSONField(default=list)
    result = models.JSONField(default=dict)

    class Meta:
        verbose_name = "evaluation"
        permissions = [("cancel_evaluationjob", "Can cancel an evaluation")]

    def __str__(self) -> str:
        return f"evaluation {self.number}"


class EvaluationProgress(ProgressRow):
    """The progress of a running evaluation."""


class StoredGate(models.Model):
    """The gate of an event type: `criteria` at `version`, and those that are requested, [] if none are.

    Projection of the stream `gate/{event type}`. Types without a row, and version 0, have the default gate.
    """

    event_type = models.CharField(max_length=60, primary_key=True)
    version = models.IntegerField()
    criteria = models.JSONField(default=list)
    changed_by = models.CharField(max_length=80, blank=True, default="")
    approved_by = models.CharField(max_length=80, blank=True, default="")
    changed_at = models.DateTimeField(null=True)
    requested = models.JSONField(default=list)
    requested_by = models.CharField(max_length=80, blank=True, default="")
    requested_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True, default="")  # of the requested change

    class Meta:
        verbose_name = "gate"
        permissions = [
            ("request_gate", "Can request changes of the gate of models"),
            ("approve_gate", "Can approve and reject changes of the gate of models"),
        ]

    def __str__(self) -> str:
        return f"gate of {self.event_type}"
