"""Trainings and their progress."""

from django.db import models


class TrainingJob(models.Model):
    """A training requested by a person or a schedule. Projection of the stream `training/{number}`."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"
        CANCELLED = "cancelled"

    number = models.IntegerField(primary_key=True)
    event_type = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    requested_by = models.CharField(max_length=80)
    requested_at = models.DateTimeField()
    options = models.JSONField(default=dict)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cancelled_by = models.CharField(max_length=80, blank=True, default="")
    model = models.CharField(max_length=80, blank=True, default="")
    error = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = "training"
        permissions = [("cancel_trainingjob", "Can cancel a training")]

    def __str__(self) -> str:
        return f"training {self.number}"


class TrainingProgress(models.Model):
    """The progress of a running job, for display only; it is not in the log."""

    job = models.IntegerField(primary_key=True)
    step = models.CharField(max_length=80)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    updated_at = models.DateTimeField()
