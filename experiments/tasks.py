"""Celery tasks of experiments."""

from celery import shared_task
from django.utils import timezone

from experiments.results import compute as results


@shared_task
def refresh_results() -> list[str]:
    """Recompute results that are out of date. Returns the names of their experiments."""
    return results.refresh_results(now=timezone.now())
