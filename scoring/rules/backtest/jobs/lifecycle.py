"""The life of a backtest: requested, queued, run one at a time, cancelled. Every step is a log entry.

The source of truth is the stream `backtest/{number}`. A Celery message only says "look at this job": one that
arrives twice, late or never does no harm, because a job leaves the queue once, under its row lock.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from celery import current_app
from django.db import connection, transaction
from django.db.models import Max
from kombu.exceptions import OperationalError

from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import read_stream
from scoring.log.retry import append_retrying
from scoring.rules.backtest.errors import BacktestNotPossible, UnknownBacktest
from scoring.rules.backtest.models import BacktestJob
from scoring.rules.backtest.requests import BacktestRequest
from scoring.sql.advisory_locks import LockSpace, session_lock

logger = logging.getLogger(__name__)

State = BacktestJob.State

# The states that allow each step, and the step as a participle.
STEPS: dict[str, tuple[frozenset[str], str]] = {
    "backtest.started": (frozenset({State.QUEUED}), "started"),
    "backtest.cancel_requested": (frozenset({State.RUNNING}), "cancelled"),
    "backtest.cancelled": (frozenset({State.QUEUED, State.RUNNING}), "cancelled"),
    "backtest.finished": (frozenset({State.RUNNING}), "finished"),
    "backtest.failed": (frozenset({State.RUNNING}), "failed"),
}
RUNNER = "backtester"  # the actor of entries that the process itself appends
PROCESS_DIED = "the process that ran it ended; start it again"
QUEUE = "training"
MESSAGE_SECONDS = 60.0  # messages must not pile up without a worker; the sweep sends another one


@contextmanager
def held_backtest_lock() -> Iterator[bool]:
    """Hold the lock that only one backtest at a time has; yields False if another process holds it.

    It uses its own database session, so that the backtest's connection can be renewed without losing the
    lock, and is released if its process dies.
    """
    own = connection.copy()
    try:
        with session_lock(LockSpace.BACKTEST, connection=own) as held:
            yield held
    finally:
        own.close()


def request_backtest(request: BacktestRequest, *, actor: str, now: datetime) -> int:
    """Queue a backtest and return its number. Raises InvalidBacktest and what names an unknown subject."""
    request.check(now=now)
    data = request.as_data()

    def step() -> int:
        number = (BacktestJob.objects.aggregate(top=Max("number"))["top"] or 0) + 1
        _append(number, "backtest.requested", 0, data=data, actor=actor, now=now)
        return number

    number = append_retrying(step)
    transaction.on_commit(partial(send_message, number))
    return number


def find_backtest(number: Any) -> BacktestJob:
    """The backtest of this number. Raises UnknownBacktest."""
    job = BacktestJob.objects.filter(number=number).first() if isinstance(number, int) else None
    if job is None:
        raise UnknownBacktest(number)
    return job


def cancel_backtest(number: int, *, actor: str, now: datetime) -> Entry:
    """End a queued backtest at once; ask a running one to stop.

    Raises UnknownBacktest, and BacktestNotPossible if it has ended or is being cancelled already.
    """
    with transaction.atomic():
        job = lock_job(number)
        if job.state == State.QUEUED:
            return take_step(job, "backtest.cancelled", {"by": actor}, actor=actor, now=now)
        if job.state == State.RUNNING and job.cancelled_by:
            raise BacktestNotPossible(number=number, state="being cancelled", step="cancelled again")
        return take_step(job, "backtest.cancel_requested", {}, actor=actor, now=now)


def fail_abandoned(*, now: datetime) -> list[int]:
    """Fail backtests still marked as running. Call it only while holding the lock."""
    abandoned = list(BacktestJob.objects.filter(state=State.RUNNING).values_list("number", flat=True))
    for number in abandoned:
        end_job(number, "backtest.failed", {"error": PROCESS_DIED}, now=now)
    return abandoned


def start_next() -> int | None:
    """Send the message of the oldest queued backtest and return its number."""
    queued = BacktestJob.objects.filter(state=State.QUEUED).order_by("number")
    number = queued.values_list("number", flat=True).first()
    if number is not None:
        send_message(number)
    return number


def sweep(*, now: datetime) -> list[int]:
    """Fail backtests whose process has died, and start a queued one if none runs. Returns the failed ones."""
    abandoned: list[int] = []
    if BacktestJob.objects.filter(state=State.RUNNING).exists():
        with held_backtest_lock() as held:
            if not held:
                return []
            abandoned = fail_abandoned(now=now)
    start_next()
    return abandoned


def send_message(number: int) -> None:
    """Notify a worker of the job. If the broker is unavailable, the sweep sends the message later."""
    try:
        current_app.send_task(
            "scoring.rules.backtest.tasks.run_backtest",
            args=[number],
            queue=QUEUE,
            retry=False,
            expires=MESSAGE_SECONDS,
        )
    except (OperationalError, OSError) as error:
        logger.warning("no message sent for backtest %s: %s", number, error)


def end_job(number: int, entry_type: str, data: Mapping[str, Any], *, now: datetime) -> None:
    """End a backtest on behalf of its process. Raises BacktestNotPossible if it has ended."""
    with transaction.atomic():
        take_step(lock_job(number), entry_type, data, actor=RUNNER, now=now)


def lock_job(number: int) -> BacktestJob:
    """The job, its row locked until the transaction ends, so that steps cannot overlap."""
    job = BacktestJob.objects.select_for_update().filter(number=number).first()
    if job is None:
        raise UnknownBacktest(number)
    return job


def take_step(
    job: BacktestJob, entry_type: str, data: Mapping[str, Any], *, actor: str, now: datetime
) -> Entry:
    """Append the step of a locked job. Raises BacktestNotPossible where its state does not allow it."""
    allowed, step = STEPS[entry_type]
    if job.state not in allowed:
        raise BacktestNotPossible(number=job.number, state=job.state, step=step)
    version = len(read_stream(f"backtest/{job.number}"))
    return _append(job.number, entry_type, version, data=data, actor=actor, now=now)


def _append(
    number: int, entry_type: str, version: int, *, data: Mapping[str, Any], actor: str, now: datetime
) -> Entry:
    entry = NewEntry(
        stream=f"backtest/{number}",
        expected_version=version,
        type=entry_type,
        data={"number": number, **data},
        metadata={"actor": actor},
    )
    return append([entry], now=now)[0]
