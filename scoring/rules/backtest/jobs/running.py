"""Runs a queued backtest to its end, in a background process."""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from scoring.errors import ScoringError
from scoring.rules.backtest.errors import BacktestCancelled
from scoring.rules.backtest.jobs.job_progress import BacktestReporter
from scoring.rules.backtest.jobs.lifecycle import (
    RUNNER,
    State,
    end_job,
    fail_abandoned,
    held_backtest_lock,
    lock_job,
    start_next,
    take_step,
)
from scoring.rules.backtest.models import BacktestJob
from scoring.rules.backtest.requests import BacktestRequest
from scoring.rules.backtest.run import run_backtest

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]


def run_job(number: int, *, clock: Clock = timezone.now) -> bool:
    """Run a queued backtest to its end. False if another one is running or this one is not queued.

    Finishing a backtest starts the next one.
    """
    with held_backtest_lock() as held:
        if not held:
            return False
        fail_abandoned(now=clock())
        job = _start(number, now=clock())
        if job is not None:
            _run(job, clock=clock)
    start_next()
    return job is not None


def _start(number: int, *, now: datetime) -> BacktestJob | None:
    """The job, now running; None if it is no longer queued (a duplicate or late message)."""
    with transaction.atomic():
        job = lock_job(number)
        if job.state != State.QUEUED:
            return None
        take_step(job, "backtest.started", {}, actor=RUNNER, now=now)
        return job


def _run(job: BacktestJob, *, clock: Clock) -> None:
    """Run it, and record how it ended."""
    try:
        _finish(job, clock=clock)
    except BacktestCancelled as cancelled:
        end_job(job.number, "backtest.cancelled", {"by": cancelled.actor}, now=clock())
    except ScoringError as error:
        logger.warning("backtest %s failed: %s", job.number, error)
        end_job(job.number, "backtest.failed", {"error": str(error)}, now=clock())
    except BaseException as error:  # the edge of the job: however it ends, its row must say so
        stopped = not isinstance(error, Exception)
        text = "the process that ran it was stopped" if stopped else f"{type(error).__name__}: {error}"
        end_job(job.number, "backtest.failed", {"error": text}, now=clock())
        if stopped:
            raise
        logger.exception("backtest %s failed", job.number)


def _finish(job: BacktestJob, *, clock: Clock) -> None:
    request = BacktestRequest.from_job(job)
    result = run_backtest(request, now=clock(), watch=BacktestReporter(job.number, clock=clock))
    with transaction.atomic():
        running = lock_job(job.number)  # a cancellation either came before or waits for this commit
        if running.cancelled_by:
            raise BacktestCancelled(number=job.number, actor=running.cancelled_by)
        take_step(running, "backtest.finished", {"result": result.as_data()}, actor=RUNNER, now=clock())
