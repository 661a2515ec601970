"""What monitoring does in the background."""

from celery import shared_task
from django.utils import timezone

from monitoring.windows import hourly as windows
from scoring.log.consumers import runs


@shared_task
def run_consumers() -> dict[str, str]:
    """Let every consumer of the log catch up. Gives the errors of those that stopped, by name."""
    return runs.run_consumers(now=timezone.now())


@shared_task
def prune_windows() -> int:
    """Delete windows of minutes that are no longer kept; gives how many."""
    return windows.prune_minutes(now=timezone.now())
