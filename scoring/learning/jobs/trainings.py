"""Trainings as jobs: one at a time, requested by a person, a schedule or a trigger."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from scoring.catalog.registry import scored_type
from scoring.jobs.queue import JobQueue
from scoring.jobs.rows import JobState
from scoring.learning.errors import TrainingCancelled, TrainingNotPossible, UnknownTraining
from scoring.learning.jobs.options import JobOptions
from scoring.learning.models import TrainingJob, TrainingProgress
from scoring.learning.training.features import check_accepted, check_features, declared_features
from scoring.sql.advisory_locks import LockSpace

CONTINUABLE = (JobState.FAILED, JobState.CANCELLED)

trainings = JobQueue(
    kind="training",
    jobs=TrainingJob,
    progress=TrainingProgress,
    lock=LockSpace.TRAINING,
    task="scoring.learning.tasks.run_training_job",
    actor="trainer",
    died="the trainer process ended",
    stopped="the trainer process was stopped",
    unknown=UnknownTraining,
    not_possible=TrainingNotPossible,
    cancelled=TrainingCancelled,
)


def request_training(
    event_type: str,
    *,
    actor: str,
    now: datetime,
    options: JobOptions | None = None,
    trigger: Mapping[str, Any] | None = None,
) -> int:
    """Queue a training and return its number. `trigger`: why, if a trigger requests it (`TrainingJob`).

    Raises UnknownEventType, EventTypeNotScored, and InvalidTraining for a feature that the type lacks.
    """
    scored_type(event_type)
    options = options or JobOptions()
    names = declared_features(event_type)
    check_features(options.config, names)
    check_accepted(options.accepted_leakage, names)
    cause = {"trigger": dict(trigger)} if trigger else {}
    data = {"event_type": event_type, "options": options.stored(), **cause}
    return trainings.request(data, actor=actor, now=now)


def continue_search(number: int, *, actor: str, now: datetime) -> int:
    """Queue a training that goes on with the search of one that failed or was cancelled; returns its number.

    Its cut-off is that of the other, so that the trials so far hold. A second request returns the number of
    the first, unless that training failed or was cancelled too. Raises UnknownTraining, and
    TrainingNotPossible if the other has no search or may still add trials.
    """
    with transaction.atomic():
        job = trainings.locked(number)  # of two requests at once, the second waits for the first
        continued = TrainingJob.objects.filter(options__continues=number).exclude(state__in=CONTINUABLE)
        existing = continued.values_list("number", flat=True).first()
        return existing if existing is not None else _request_continuation(job, actor=actor, now=now)


def _request_continuation(job: TrainingJob, *, actor: str, now: datetime) -> int:
    number = job.number
    options = JobOptions.from_stored(job.options)
    if options.search is None:
        raise TrainingNotPossible(number=number, state="without a search", step="continued")
    if job.state not in CONTINUABLE:
        raise TrainingNotPossible(number=number, state=job.state, step="continued")
    options = replace(options, as_of=options.as_of or job.started_at, continues=number)
    return request_training(job.event_type, actor=actor, now=now, options=options)
