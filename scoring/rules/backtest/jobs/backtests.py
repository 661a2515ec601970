"""Backtests as jobs: one at a time, requested by a person."""

from datetime import datetime

from scoring.jobs.queue import JobQueue
from scoring.rules.backtest.errors import (
    BacktestCancelled,
    BacktestNotPossible,
    TooManyBacktests,
    UnknownBacktest,
)
from scoring.rules.backtest.models import BacktestJob, BacktestProgress
from scoring.rules.backtest.requests import BacktestRequest
from scoring.sql.advisory_locks import LockSpace

# Queued or running, of one person: trainings and list imports share the queue's processes.
MAX_OPEN = 3

backtests = JobQueue(
    kind="backtest",
    jobs=BacktestJob,
    progress=BacktestProgress,
    lock=LockSpace.BACKTEST,
    task="scoring.rules.backtest.tasks.run_backtest",
    actor="backtester",
    died="the process that ran it ended; start it again",
    stopped="the process that ran it was stopped",
    unknown=UnknownBacktest,
    not_possible=BacktestNotPossible,
    cancelled=BacktestCancelled,
    too_many=TooManyBacktests,
    max_open=MAX_OPEN,
)


def request_backtest(request: BacktestRequest, *, actor: str, now: datetime) -> int:
    """Queue a backtest and return its number.

    Raises InvalidBacktest, TooManyBacktests, and what names an unknown subject.
    """
    request.check(now=now)
    return backtests.request(request.as_data(), actor=actor, now=now)
