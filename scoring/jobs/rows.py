"""The tables of a kind of job: what each of them has."""

from django.db import models


class JobState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (JobState.QUEUED, JobState.RUNNING)


class JobRow(models.Model):
    """A job that a person or a schedule requested. Projection of the stream `{kind}/{number}`."""

    State = JobState

    number = models.IntegerField(primary_key=True)
    event_type = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    requested_by = models.CharField(max_length=80)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cancelled_by = models.CharField(max_length=80, blank=True, default="")
    error = models.TextField(blank=True, default="")

    class Meta:
        abstract = True

    @property
    def shown_state(self) -> str:
        """The state, or "stopping" for a running job that was cancelled."""
        is_stopping = self.state == JobState.RUNNING and self.cancelled_by
        return "stopping" if is_stopping else str(self.state)


class ProgressRow(models.Model):
    """The progress of a running job, for display only; it is not in the log."""

    job = models.IntegerField(primary_key=True)
    step = models.CharField(max_length=80)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        abstract = True

    @property
    def percent(self) -> int:
        """The progress of the current step; 0 for one of unknown length."""
        return min(round(100 * self.done / self.total), 100) if self.total else 0
