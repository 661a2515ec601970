"""Trainings as jobs: one at a time, requested by a person or a schedule."""

from datetime import datetime

from scoring.catalog.registry import scored_type
from scoring.jobs.queue import JobQueue
from scoring.learning.errors import TrainingCancelled, TrainingNotPossible, UnknownTraining
from scoring.learning.jobs.options import JobOptions
from scoring.learning.models import TrainingJob, TrainingProgress
from scoring.learning.training.features import check_accepted, check_features, declared_features
from scoring.sql.advisory_locks import LockSpace

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


def request_training(event_type: str, *, actor: str, now: datetime, options: JobOptions | None = None) -> int:
    """Queue a training and return its number.

    Raises UnknownEventType, EventTypeNotScored, and InvalidTraining for a feature that the type lacks.
    """
    scored_type(event_type)
    options = options or JobOptions()
    names = declared_features(event_type)
    check_features(options.config, names)
    check_accepted(options.accepted_leakage, names)
    return trainings.request({"event_type": event_type, "options": options.stored()}, actor=actor, now=now)
