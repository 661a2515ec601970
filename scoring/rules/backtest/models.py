"""Backtests and their progress."""

from django.db import models


class BacktestJob(models.Model):
    """A backtest that a person requested. Projection of the stream `backtest/{number}`.

    `change`: what was tried, as requested. `subject` names it: "rule/velocity", "list/stolen", "policy".
    `result`: what would have changed (`scoring.rules.backtest.results`); empty until it has finished.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"
        CANCELLED = "cancelled"

    number = models.IntegerField(primary_key=True)
    event_type = models.CharField(max_length=60)
    subject = models.CharField(max_length=80)
    change = models.JSONField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    requested_by = models.CharField(max_length=80)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cancelled_by = models.CharField(max_length=80, blank=True, default="")
    error = models.TextField(blank=True, default="")
    result = models.JSONField(default=dict)

    class Meta:
        verbose_name = "backtest"
        indexes = [models.Index(fields=["event_type", "subject", "-number"], name="backtestjob_subject")]
        permissions = [("cancel_backtestjob", "Can cancel a backtest")]

    def __str__(self) -> str:
        return f"backtest {self.number}"

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None


class BacktestProgress(models.Model):
    """The progress of a running backtest, for display only; it is not in the log."""

    job = models.IntegerField(primary_key=True)
    step = models.CharField(max_length=80)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    updated_at = models.DateTimeField()
