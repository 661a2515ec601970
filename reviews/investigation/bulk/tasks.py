"""Celery tasks of bulk actions. A message is only a hint; the state is in the log."""

from celery import shared_task
from django.utils import timezone

from reviews.investigation.bulk import running
from reviews.investigation.bulk.actions import bulk_actions
from scoring.schedules import checked_by


@checked_by(bulk_actions.find)
@shared_task
def run_bulk_action(number: int) -> bool:
    """Run a queued bulk action. Safe if delivered twice, late or never."""
    return running.run_action(number)


@shared_task
def sweep_bulk_actions() -> list[int]:
    """Fail bulk actions whose process has died; start a queued one whose message was lost."""
    return bulk_actions.sweep(now=timezone.now())
