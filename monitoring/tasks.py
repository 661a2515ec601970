"""Monitoring's background tasks."""

from celery import shared_task
from django.utils import timezone

from monitoring.guardrails import checking
from monitoring.triggers import checking as triggers
from monitoring.windows import hourly as windows


@shared_task
def prune_windows() -> int:
    """Delete minute windows past their retention; returns how many."""
    return windows.prune_minutes(now=timezone.now())


@shared_task
def check_guardrails() -> list[str]:
    """Roll back canaries and new champions that exceed a guardrail; returns the models that do."""
    return [entry.data["model"] for entry in checking.check_guardrails(now=timezone.now())]


@shared_task
def check_triggers() -> list[int]:
    """Request the trainings for which a trigger is reached; returns their numbers."""
    checked = triggers.check_triggers(now=timezone.now())
    return [each.training for each in checked if each.training is not None]
