"""Celery tasks for backtests. A backtest's message is only a hint; its state is in the log."""

from celery import shared_task
from django.utils import timezone

from scoring.rules.backtest.jobs.backtests import backtests
from scoring.schedules import checked_by


@checked_by(backtests.find)
@shared_task
def run_backtest(number: int) -> bool:
    """Run a queued backtest. Safe if delivered twice, late or never."""
    from scoring.rules.backtest.jobs import running  # noqa: PLC0415 (numba and the expressions' engine)

    return running.run_job(number)


@shared_task
def sweep_backtests() -> list[int]:
    """Fail backtests whose process has died; start a queued one whose message was lost."""
    return backtests.sweep(now=timezone.now())
