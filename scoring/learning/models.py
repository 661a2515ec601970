"""Trainings and their progress."""

from django.db import models

from scoring.jobs.rows import JobRow, ProgressRow


class TrainingJob(JobRow):
    """A training requested by a person or a schedule. Projection of the stream `training/{number}`."""

    options = models.JSONField(default=dict)
    model = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        verbose_name = "training"
        permissions = [("cancel_trainingjob", "Can cancel a training")]

    def __str__(self) -> str:
        return f"training {self.number}"


class TrainingProgress(ProgressRow):
    """The progress of a running training."""
