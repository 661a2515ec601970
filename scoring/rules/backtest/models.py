"""Backtests and their progress."""

from django.db import models

from scoring.jobs.rows import JobRow, ProgressRow


class BacktestJob(JobRow):
    """A backtest that a person requested. Projection of the stream `backtest/{number}`.

    `change`: what was tried, as requested. `subject` names it: "rule/velocity", "list/stolen", "policy".
    `result`: what would have changed (`scoring.rules.backtest.results`); empty until it has finished.
    """

    subject = models.CharField(max_length=80)
    change = models.JSONField()
    since = models.DateTimeField()
    until = models.DateTimeField()
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


class BacktestProgress(ProgressRow):
    """The progress of a running backtest."""
