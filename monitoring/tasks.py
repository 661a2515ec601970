"""Monitoring's background task."""

from celery import shared_task
from django.utils import timezone

from monitoring.windows import hourly as windows


@shared_task
def prune_windows() -> int:
    """Delete minute windows past their retention; returns how many."""
    return windows.prune_minutes(now=timezone.now())
