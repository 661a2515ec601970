"""The life of a training: requested, queued, run one at a time, cancelled. Every step is a log entry.

The source of truth is the stream `training/{number}`. A Celery message only says "look at this job": one that
arrives twice, late or never does no harm, because a job leaves the queue once, under its row lock.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import Max
from kombu.exceptions import OperationalError

from scoring.catalog.registry import scored_type
from scoring.learning.errors import TrainingNotPossible, UnknownTraining
from scoring.learning.jobs.options import JobOptions
from scoring.learning.models import TrainingJob
from scoring.learning.training.lock import held_training_lock
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import read_stream
from scoring.log.retry import append_retrying

logger = logging.getLogger(__name__)

State = TrainingJob.State

# The states that allow each step, and the step as a participle.
STEPS: dict[str, tuple[frozenset[str], str]] = {
    "training.started": (frozenset({State.QUEUED}), "started"),
    "training.cancel_requested": (frozenset({State.RUNNING}), "cancelled"),
    "training.cancelled": (frozenset({State.QUEUED, State.RUNNING}), "cancelled"),
    "training.finished": (frozenset({State.RUNNING}), "finished"),
    "training.failed": (frozenset({State.RUNNING}), "failed"),
}
TRAINER = "trainer"  # the actor of entries that the training process appends itself
TRAINER_DIED = "the trainer process ended"
MESSAGE_SECONDS = 60.0  # messages must not pile up without a trainer; the sweep sends another one


def request_training(event_type: str, *, actor: str, now: datetime, options: JobOptions | None = None) -> int:
    """Queue a training and return its number. Raises UnknownEventType, EventTypeNotScored."""
    scored_type(event_type)
    stored = (options or JobOptions()).stored()

    def request() -> int:
        number = (TrainingJob.objects.aggregate(top=Max("number"))["top"] or 0) + 1
        data = {"event_type": event_type, "options": stored}
        _append(number, "training.requested", 0, data=data, actor=actor, now=now)
        return number

    number = append_retrying(request)
    transaction.on_commit(partial(send_message, number))
    return number


def find_training(number: Any) -> TrainingJob:
    """The training of this number. Raises UnknownTraining."""
    job = TrainingJob.objects.filter(number=number).first() if isinstance(number, int) else None
    if job is None:
        raise UnknownTraining(number)
    return job


def cancel_training(number: int, *, actor: str, now: datetime) -> Entry:
    """End a queued training at once; ask a running one to stop.

    Raises UnknownTraining, and TrainingNotPossible if it has ended or is being cancelled already.
    """
    with transaction.atomic():
        job = lock_job(number)
        if job.state == State.QUEUED:
            return take_step(job, "training.cancelled", {"by": actor}, actor=actor, now=now)
        if job.state == State.RUNNING and job.cancelled_by:
            raise TrainingNotPossible(number=number, state="being cancelled", step="cancelled again")
        return take_step(job, "training.cancel_requested", {}, actor=actor, now=now)


def fail_abandoned(*, now: datetime) -> list[int]:
    """Fail trainings still marked as running. Call it only while holding the training lock."""
    abandoned = list(TrainingJob.objects.filter(state=State.RUNNING).values_list("number", flat=True))
    for number in abandoned:
        end_job(number, "training.failed", {"error": TRAINER_DIED}, now=now)
    return abandoned


def start_next() -> int | None:
    """Send the message of the oldest queued training and return its number."""
    number = TrainingJob.objects.filter(state=State.QUEUED).order_by("number").values_list("number").first()
    if number is None:
        return None
    send_message(number[0])
    return int(number[0])


def sweep(*, now: datetime) -> list[int]:
    """Fail trainings whose process has died, and start a queued one if none runs. Returns the failed ones."""
    abandoned: list[int] = []
    if TrainingJob.objects.filter(state=State.RUNNING).exists():
        with held_training_lock() as held:
            if not held:
                return []
            abandoned = fail_abandoned(now=now)
    start_next()
    return abandoned


def send_message(number: int) -> None:
    """Notify a trainer of the job. If the broker is unavailable, the sweep sends the message later."""
    try:
        current_app.send_task(
            "scoring.learning.tasks.run_training_job",
            args=[number],
            queue="training",
            retry=False,
            expires=MESSAGE_SECONDS,
        )
    except (OperationalError, OSError) as error:
        logger.warning("no message sent for training %s: %s", number, error)


def end_job(number: int, entry_type: str, data: Mapping[str, Any], *, now: datetime) -> None:
    """End a training on behalf of the trainer. Raises TrainingNotPossible if it has ended."""
    with transaction.atomic():
        take_step(lock_job(number), entry_type, data, actor=TRAINER, now=now)


def lock_job(number: int) -> TrainingJob:
    """The job, its row locked until the transaction ends, so that steps cannot overlap."""
    job = TrainingJob.objects.select_for_update().filter(number=number).first()
    if job is None:
        raise UnknownTraining(number)
    return job


def take_step(
    job: TrainingJob, entry_type: str, data: Mapping[str, Any], *, actor: str, now: datetime
) -> Entry:
    """Append the step of a locked job. Raises TrainingNotPossible where its state does not allow it."""
    allowed, step = STEPS[entry_type]
    if job.state not in allowed:
        raise TrainingNotPossible(number=job.number, state=job.state, step=step)
    version = len(read_stream(f"training/{job.number}"))
    return _append(job.number, entry_type, version, data=data, actor=actor, now=now)


def _append(
    number: int, entry_type: str, version: int, *, data: Mapping[str, Any], actor: str, now: datetime
) -> Entry:
    entry = NewEntry(
        stream=f"training/{number}",
        expected_version=version,
        type=entry_type,
        data={"number": number, **data},
        metadata={"actor": actor},
    )
    return append([entry], now=now)[0]
