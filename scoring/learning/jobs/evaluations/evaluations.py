"""Evaluations on folds as jobs: one at a time, requested by a person, or recorded by a command."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scoring.catalog.registry import scored_type
from scoring.jobs.queue import JobQueue
from scoring.learning.baseline_names import BASELINES
from scoring.learning.errors import (
    EvaluationCancelled,
    EvaluationNotPossible,
    TooManyEvaluations,
    UnknownEvaluation,
)
from scoring.learning.folds.options import DEFAULT, FoldOptions
from scoring.learning.models import EvaluationJob, EvaluationProgress
from scoring.registry.model_versions import find_version
from scoring.sql.advisory_locks import LockSpace

# Queued or running, of one person: trainings and backtests share the queue's processes.
MAX_OPEN = 3

evaluations = JobQueue(
    kind="evaluation",
    jobs=EvaluationJob,
    progress=EvaluationProgress,
    lock=LockSpace.EVALUATION,
    task="scoring.learning.tasks.run_evaluation_job",
    actor="trainer",
    died="the trainer process ended",
    stopped="the trainer process was stopped",
    unknown=UnknownEvaluation,
    not_possible=EvaluationNotPossible,
    cancelled=EvaluationCancelled,
    too_many=TooManyEvaluations,
    max_open=MAX_OPEN,
)


def request_evaluation(options: FoldOptions, *, actor: str, now: datetime) -> int:
    """Queue an evaluation and return its number.

    Raises UnknownEventType, EventTypeNotScored, InvalidTraining, UnknownModel, TooManyEvaluations.
    """
    scored_type(options.event_type)
    options.check()
    for model in versions_of(options):
        find_version(model)
    return evaluations.request(_data_of(options), actor=actor, now=now)


def record_evaluation(options: FoldOptions, result: Mapping[str, Any], *, actor: str, now: datetime) -> int:
    """Keep the result of an evaluation that ran elsewhere; returns its number."""
    return evaluations.record({**_data_of(options), "result": result}, actor=actor, now=now)


def versions_of(options: FoldOptions) -> list[str]:
    """The versions that take part, by themselves or by their recipes, each once."""
    named = [name for name in options.against if name != DEFAULT and name not in BASELINES]
    return list(dict.fromkeys(filter(None, (options.model, *options.recipes_of, *named))))


def _data_of(options: FoldOptions) -> dict[str, Any]:
    return {
        "event_type": options.event_type,
        "options": options.stored(),
        "versions": versions_of(options),
    }
