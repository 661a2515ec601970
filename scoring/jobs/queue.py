"""The life of jobs of one kind: requested, queued, run one at a time, cancelled. Every step is a log entry.

The source of truth is the stream `{kind}/{number}`. A Celery message only says "look at this job": one that
arrives twice, late or never does no harm, because a job leaves the queue once, under its row lock.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar

from celery import current_app
from django.db import connection, transaction
from django.db.models import Max
from kombu.exceptions import OperationalError

from scoring.errors import ScoringError
from scoring.jobs.errors import JobCancelled, JobNotPossible, TooManyJobs, UnknownJob
from scoring.jobs.progress import JobProgress
from scoring.jobs.rows import OPEN, JobRow, JobState, ProgressRow
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import last_version
from scoring.log.retry import append_retrying
from scoring.sql.advisory_locks import LockSpace, session_lock

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Row = TypeVar("Row", bound=JobRow)

# The states that allow each step, and the step as a participle.
STEPS: Mapping[str, tuple[frozenset[str], str]] = {
    "started": (frozenset({JobState.QUEUED}), "started"),
    "cancel_requested": (frozenset({JobState.RUNNING}), "cancelled"),
    "cancelled": (frozenset({JobState.QUEUED, JobState.RUNNING}), "cancelled"),
    "finished": (frozenset({JobState.RUNNING}), "finished"),
    "failed": (frozenset({JobState.RUNNING}), "failed"),
}
QUEUE = "training"
MESSAGE_SECONDS = 60.0  # messages must not pile up without a worker; the sweep sends another one


@dataclass(frozen=True)
class JobQueue(Generic[Row]):
    """The jobs of one kind; `kind` is the first word of their streams and entry types.

    `actor`: of entries that the running process appends itself. `died` and `stopped`: the error of a job
    whose process ended, or was told to end. `unknown`, `not_possible`, `cancelled`, `too_many`: the errors of
    the kind. `max_open`: how many jobs of one person may be queued or running, None for any number.
    `queue`: Celery's, for the messages.
    """

    kind: str
    jobs: type[Row]
    progress: type[ProgressRow]
    lock: LockSpace
    task: str
    actor: str
    died: str
    stopped: str
    unknown: type[UnknownJob]
    not_possible: type[JobNotPossible]
    cancelled: type[JobCancelled]
    too_many: type[TooManyJobs] = TooManyJobs
    queue: str = QUEUE
    max_open: int | None = None

    def request(self, data: Mapping[str, Any], *, actor: str, now: datetime) -> int:
        """Queue a job and return its number. Raises `too_many`."""

        def step() -> int:
            self._check_open(actor)
            return self._append_first("requested", data, actor=actor, now=now)

        number = append_retrying(step)
        transaction.on_commit(partial(self.send_message, number))
        return number

    def record(self, data: Mapping[str, Any], *, actor: str, now: datetime) -> int:
        """Keep a job that ran elsewhere, as one that has finished, and return its number."""
        return append_retrying(partial(self._append_first, "recorded", data, actor=actor, now=now))

    def find(self, number: Any) -> Row:
        """The job of this number. Raises `unknown`."""
        job = self._rows.filter(number=number).first() if isinstance(number, int) else None
        if job is None:
            raise self.unknown(number)
        return job

    def cancel(self, number: int, *, actor: str, now: datetime) -> Entry:
        """End a queued job at once; ask a running one to stop.

        Raises `unknown`, and `not_possible` if it has ended or is being cancelled already.
        """
        with transaction.atomic():
            job = self.locked(number)
            if job.state == JobState.QUEUED:
                return self.take_step(job, "cancelled", {"by": actor}, actor=actor, now=now)
            if job.state == JobState.RUNNING and job.cancelled_by:
                raise self.not_possible(number=number, state="being cancelled", step="cancelled again")
            return self.take_step(job, "cancel_requested", {}, actor=actor, now=now)

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the lock of which there is one; yields False if another process holds it.

        It uses its own database session, so that the job's connection can be renewed without losing the lock,
        and is released if its process dies.
        """
        own = connection.copy()
        try:
            with session_lock(self.lock, connection=own) as held:
                yield held
        finally:
            own.close()

    def run(self, number: int, work: Callable[[Row], None], *, clock: Clock) -> bool:
        """Run a queued job to its end. False if another one is running or this one is not queued.

        `work` ends with `finish`. The end of a job starts the next one.
        """
        with self.held() as held:
            if not held:
                return False
            self.fail_abandoned(now=clock())
            job = self._start(number, now=clock())
            if job is not None:
                self._work(job, work, clock=clock)
        self.start_next()
        return job is not None

    def reporter(self, number: int, *, clock: Clock) -> JobProgress:
        """What the work of a running job reports its progress to."""
        return JobProgress(number, jobs=self.jobs, rows=self.progress, cancelled=self.cancelled, clock=clock)

    def finish(self, number: int, result: Callable[[], Mapping[str, Any]], *, clock: Clock) -> None:
        """Record the result of a running job in the transaction that makes it. Raises `cancelled`."""
        with transaction.atomic():
            running = self.locked(number)  # a cancellation either came before or waits for this commit
            if running.cancelled_by:
                raise self.cancelled(number=number, actor=running.cancelled_by)
            self.take_step(running, "finished", result(), actor=self.actor, now=clock())

    def note(self, number: int, name: str, data: Mapping[str, Any], *, now: datetime) -> None:
        """Append an intermediate result of a running job to its stream; it changes no state.

        Raises `not_possible` if the job is not running: a process that lost its job adds nothing to it.
        """
        with transaction.atomic():
            job = self.locked(number)  # one writer of the stream at a time
            if job.state != JobState.RUNNING:
                raise self.not_possible(number=number, state=job.state, step="continued")
            version = last_version(f"{self.kind}/{number}")
            self._append(number, name, version, data=data, actor=self.actor, now=now)

    def fail_abandoned(self, *, now: datetime) -> list[int]:
        """Fail jobs still marked as running. Call it only while holding the lock."""
        abandoned = list(self._rows.filter(state=JobState.RUNNING).values_list("number", flat=True))
        for number in abandoned:
            self._end(number, "failed", {"error": self.died}, now=now)
        return abandoned

    def start_next(self) -> int | None:
        """Send the message of the oldest queued job and return its number."""
        queued = self._rows.filter(state=JobState.QUEUED).order_by("number")
        number = queued.values_list("number", flat=True).first()
        if number is not None:
            self.send_message(number)
        return number

    def sweep(self, *, now: datetime) -> list[int]:
        """Fail jobs whose process has died, and start a queued one if none runs. Returns the failed ones."""
        abandoned: list[int] = []
        if self._rows.filter(state=JobState.RUNNING).exists():
            with self.held() as held:
                if not held:
                    return []
                abandoned = self.fail_abandoned(now=now)
        self.start_next()
        return abandoned

    def send_message(self, number: int) -> None:
        """Notify a worker of the job. If the broker is unavailable, the sweep sends the message later."""
        try:
            current_app.send_task(
                self.task, args=[number], queue=self.queue, retry=False, expires=MESSAGE_SECONDS
            )
        except (OperationalError, OSError) as error:
            logger.warning("no message sent for %s %s: %s", self.kind, number, error)

    def locked(self, number: int) -> Row:
        """The job, its row locked until the transaction ends, so that steps cannot overlap."""
        job = self._rows.select_for_update().filter(number=number).first()
        if job is None:
            raise self.unknown(number)
        return job

    def take_step(self, job: Row, name: str, data: Mapping[str, Any], *, actor: str, now: datetime) -> Entry:
        """Append the step of a locked job. Raises `not_possible` where its state does not allow it."""
        allowed, step = STEPS[name]
        if job.state not in allowed:
            raise self.not_possible(number=job.number, state=job.state, step=step)
        version = last_version(f"{self.kind}/{job.number}")
        return self._append(job.number, name, version, data=data, actor=actor, now=now)

    @property
    def _rows(self) -> Any:
        return self.jobs._default_manager

    def _check_open(self, actor: str) -> None:
        """Raises `too_many` if the person may not have one more job.

        Of two requests at once, one fails to get the next number, and checks again.
        """
        if self.max_open is None:
            return
        is_open = self._rows.filter(requested_by=actor, state__in=OPEN)
        if is_open.count() >= self.max_open:
            raise self.too_many(actor=actor, allowed=self.max_open)

    def _start(self, number: int, *, now: datetime) -> Row | None:
        """The job, now running; None if it is no longer queued (a duplicate or late message)."""
        with transaction.atomic():
            job = self.locked(number)
            if job.state != JobState.QUEUED:
                return None
            self.take_step(job, "started", {}, actor=self.actor, now=now)
            return job

    def _work(self, job: Row, work: Callable[[Row], None], *, clock: Clock) -> None:
        """Do the work, and record how it ended."""
        try:
            work(job)
        except JobCancelled as cancelled:
            self._end(job.number, "cancelled", {"by": cancelled.actor}, now=clock())
        except ScoringError as error:
            logger.warning("%s %s failed: %s", self.kind, job.number, error)
            self._end(job.number, "failed", {"error": str(error)}, now=clock())
        except BaseException as error:  # the edge of the job: however it ends, its row must say so
            stopped = not isinstance(error, Exception)
            text = self.stopped if stopped else f"{type(error).__name__}: {error}"
            self._end(job.number, "failed", {"error": text}, now=clock())
            if stopped:
                raise
            logger.exception("%s %s failed", self.kind, job.number)

    def _end(self, number: int, name: str, data: Mapping[str, Any], *, now: datetime) -> None:
        """End a job on behalf of its process. Raises `not_possible` if it has ended."""
        with transaction.atomic():
            self.take_step(self.locked(number), name, data, actor=self.actor, now=now)

    def _append_first(self, name: str, data: Mapping[str, Any], *, actor: str, now: datetime) -> int:
        """Append the first entry of a new job; returns its number."""
        number = int(self._rows.aggregate(top=Max("number"))["top"] or 0) + 1
        self._append(number, name, 0, data=data, actor=actor, now=now)
        return number

    def _append(
        self, number: int, name: str, version: int, *, data: Mapping[str, Any], actor: str, now: datetime
    ) -> Entry:
        entry = NewEntry(
            stream=f"{self.kind}/{number}",
            expected_version=version,
            type=f"{self.kind}.{name}",
            data={"number": number, **data},
            metadata={"actor": actor},
        )
        return append([entry], now=now)[0]
