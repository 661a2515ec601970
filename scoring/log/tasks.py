"""The log's background task."""

from celery import shared_task
from django.utils import timezone

from scoring.log.consumers import runs
from scoring.schedules import formerly


@shared_task
@formerly("monitoring.tasks.run_consumers")
def run_consumers() -> dict[str, str]:
    """Let every consumer of the log catch up. Returns the errors of those that stopped, by name."""
    return runs.run_consumers(now=timezone.now())
