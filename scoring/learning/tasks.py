"""Celery's way into training. The message of a training is a hint; what is to be done stands in the log."""

from celery import shared_task
from django.utils import timezone

from scoring.learning.jobs import requests as jobs
from scoring.learning.jobs import running
from scoring.learning.jobs.requests import find_training
from scoring.learning.jobs.retraining import request_retraining, scheduled_options
from scoring.schedules import checked_by


@checked_by(find_training)
@shared_task
def run_training_job(number: int) -> bool:
    """Run a queued training; harmless when delivered twice, late or never."""
    return running.run_job(number)


@checked_by(scheduled_options)
@shared_task
def retrain(
    event_type: str,
    matures_after_days: float | None = None,
    only_if_new_labels: bool = True,
    since: str | None = None,
) -> int | None:
    """Queue a training for the schedule, unless there is no reason for one. Fails on mistyped arguments."""
    options = scheduled_options(event_type, matures_after_days, only_if_new_labels, since)
    now = timezone.now()
    jobs.sweep(now=now)
    return request_retraining(event_type, options=options, only_if_new_labels=only_if_new_labels, now=now)


@shared_task
def sweep_trainings() -> list[int]:
    """Fail trainings whose process is gone; start a queued one whose message was lost."""
    return jobs.sweep(now=timezone.now())
