"""Celery tasks for learning. The message of a job is only a hint; its state is in the log."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from scoring.learning.jobs.evaluations.evaluations import evaluations
from scoring.learning.jobs.retraining import request_retraining, scheduled_options
from scoring.learning.jobs.trainings import trainings
from scoring.learning.policies.heads.sampling import refresh_head_samples
from scoring.learning.policies.refreshing_segments import refresh_segments
from scoring.learning.policies.sampling.stored import refresh_samples
from scoring.schedules import checked_by


@checked_by(trainings.find)
@shared_task
def run_training_job(number: int) -> bool:
    """Run a queued training. Safe if delivered twice, late or never."""
    from scoring.learning.jobs import running  # noqa: PLC0415 (scikit-learn and all else that trains, 100 MB)

    return running.run_job(number)


@checked_by(evaluations.find)
@shared_task
def run_evaluation_job(number: int) -> bool:
    """Run a queued evaluation. Safe if delivered twice, late or never."""
    from scoring.learning.jobs.evaluations import running  # noqa: PLC0415 (all that trains, 100 MB)

    return running.run_job(number)


@checked_by(scheduled_options)
@shared_task
def retrain(
    event_type: str,
    matures_after_days: float | None = None,
    only_if_new_labels: bool = True,
    since: str | None = None,
    recipe: dict[str, Any] | None = None,
    *,
    accept_leakage: list[str] | None = None,
    search: dict[str, Any] | None = None,
) -> int | None:
    """Queue a scheduled training, unless there is no reason for one. Fails on invalid arguments."""
    options = scheduled_options(
        *(event_type, matures_after_days, only_if_new_labels, since, recipe),
        accept_leakage=accept_leakage,
        search=search,
    )
    now = timezone.now()
    trainings.sweep(now=now)
    return request_retraining(event_type, options=options, only_if_new_labels=only_if_new_labels, now=now)


@shared_task
def sample_decisions() -> list[str]:
    """Draw the samples of decisions on which policies are measured, where they are missing or old."""
    now = timezone.now()
    drawn = refresh_samples(now=now) + refresh_head_samples(now=now)
    refresh_segments(now=now)
    return drawn


@shared_task
def sweep_trainings() -> list[int]:
    """Fail trainings whose process has died; start a queued one whose message was lost."""
    return trainings.sweep(now=timezone.now())


@shared_task
def sweep_evaluations() -> list[int]:
    """Likewise for evaluations."""
    return evaluations.sweep(now=timezone.now())
