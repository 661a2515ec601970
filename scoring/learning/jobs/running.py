"""Runs a queued training to its end in the trainer process."""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from scoring.errors import ScoringError
from scoring.learning.errors import TrainingCancelled
from scoring.learning.jobs.job_progress import JobProgress
from scoring.learning.jobs.lifecycle import (
    TRAINER,
    State,
    end_job,
    fail_abandoned,
    lock_job,
    start_next,
    take_step,
)
from scoring.learning.jobs.options import JobOptions
from scoring.learning.models import TrainingJob
from scoring.learning.training.lock import held_training_lock
from scoring.learning.training.runs import fit_model, register_fitted

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]


def run_job(number: int, *, clock: Clock = timezone.now) -> bool:
    """Run a queued training to its end. False if another one is running or this one is not queued.

    Finishing a training starts the next one.
    """
    with held_training_lock() as held:
        if not held:
            return False
        fail_abandoned(now=clock())
        job = _start(number, now=clock())
        if job is not None:
            _run(job, clock=clock)
    start_next()
    return job is not None


def _start(number: int, *, now: datetime) -> TrainingJob | None:
    """The job, now running; None if it is no longer queued (a duplicate or late message)."""
    with transaction.atomic():
        job = lock_job(number)
        if job.state != State.QUEUED:
            return None
        take_step(job, "training.started", {}, actor=TRAINER, now=now)
        return job


def _run(job: TrainingJob, *, clock: Clock) -> None:
    """Train, and record how it ended."""
    try:
        _train(job, clock=clock)
    except TrainingCancelled as cancelled:
        end_job(job.number, "training.cancelled", {"by": cancelled.actor}, now=clock())
    except ScoringError as error:
        logger.warning("training %s failed: %s", job.number, error)
        end_job(job.number, "training.failed", {"error": str(error)}, now=clock())
    except BaseException as error:  # the edge of the job: however it ends, its row must say so
        stopped = not isinstance(error, Exception)
        text = "the trainer process was stopped" if stopped else f"{type(error).__name__}: {error}"
        end_job(job.number, "training.failed", {"error": text}, now=clock())
        if stopped:
            raise
        logger.exception("training %s failed", job.number)


def _train(job: TrainingJob, *, clock: Clock) -> None:
    watch, now = JobProgress(job.number, clock=clock), clock()
    options = JobOptions.from_stored(job.options)
    fitted = fit_model(
        options.request(job.event_type, now=now), config=options.config(), now=now, watch=watch
    )
    watch.begin("registering")
    with transaction.atomic():
        running = lock_job(job.number)  # a cancellation either came before or waits for this commit
        if running.cancelled_by:
            raise TrainingCancelled(number=job.number, actor=running.cancelled_by)
        run = register_fitted(fitted, actor=job.requested_by, now=clock())
        take_step(running, "training.finished", {"model": run.name}, actor=TRAINER, now=clock())
