"""Backtests as jobs: one at a time, requested by a person."""

from datetime import datetime

from scoring.jobs.queue import JobQueue
from scoring.rules.backtest.errors import BacktestCancelled, BacktestNotPossible, UnknownBacktest
from scoring.rules.backtest.models import BacktestJob, BacktestProgress
from scoring.rules.backtest.requests import BacktestRequest
from scoring.sql.advisory_locks import LockSpace

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
)


def request_backtest(request: BacktestRequest, *, actor: str, now: datetime) -> int:
    """Queue a backtest and return its number. Raises InvalidBacktest and what names an unknown subject."""
    request.check(now=now)
    return backtests.request(request.as_data(), actor=actor, now=now)
