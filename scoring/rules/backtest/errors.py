"""Errors of this room. Each says what happened and carries the record it concerns."""

from datetime import datetime

from scoring.errors import ScoringError
from scoring.jobs.errors import JobCancelled, JobNotPossible, TooManyJobs, UnknownJob


class InvalidBacktest(ScoringError):
    """A backtest was requested with an invalid `field`; `allowed` says what is valid."""

    def __init__(self, field: str, problem: str, allowed: str) -> None:
        super().__init__(f"{field} {problem}; allowed: {allowed}")
        self.field, self.problem, self.allowed = field, problem, allowed


class NothingToBacktest(ScoringError):
    """No event of the type was decided in the period, and no history to try the change on occurred in it."""

    def __init__(self, *, event_type: str, since: datetime, until: datetime, unsequenced: int = 0) -> None:
        waiting = f"{unsequenced:,} events wait to be sequenced" if unsequenced else "choose another period"
        super().__init__(
            f"no {event_type} was decided from {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC, and"
            f" no history that this change can be tried on occurred then; {waiting}"
        )
        self.event_type, self.since, self.until = event_type, since, until


class UnknownBacktest(UnknownJob):
    """No backtest has this number."""

    kind = "backtest"


class BacktestNotPossible(JobNotPossible):
    """The backtest's state does not allow this step (a finished one cannot be cancelled)."""

    kind = "backtest"


class BacktestCancelled(JobCancelled):
    """A user cancelled this backtest."""

    kind = "backtest"


class TooManyBacktests(TooManyJobs):
    """A person has as many backtests queued or running as one may have."""

    kind = "backtest"
