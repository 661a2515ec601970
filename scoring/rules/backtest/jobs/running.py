"""Runs a queued backtest to its end, in a background process."""

from functools import partial

from django.utils import timezone

from scoring.jobs.queue import Clock
from scoring.rules.backtest.jobs.backtests import backtests
from scoring.rules.backtest.models import BacktestJob
from scoring.rules.backtest.requests import BacktestRequest
from scoring.rules.backtest.run import run_backtest


def run_job(number: int, *, clock: Clock = timezone.now) -> bool:
    """Run a queued backtest to its end. False if another one is running or this one is not queued."""
    return backtests.run(number, partial(_run, clock=clock), clock=clock)


def _run(job: BacktestJob, *, clock: Clock) -> None:
    watch = backtests.reporter(job.number, clock=clock)
    result = run_backtest(BacktestRequest.from_job(job), now=clock(), watch=watch)
    backtests.finish(job.number, lambda: {"result": result.as_data()}, clock=clock)
