"""What experiments do in the background."""

from celery import shared_task
from django.utils import timezone

from experiments.results import compute as results


@shared_task
def refresh_results() -> list[str]:
    """Compute again the results that have changed. Gives the names of their experiments."""
    return results.refresh_results(now=timezone.now())
