"""Background tasks of reviews."""

from celery import shared_task
from django.utils import timezone


@shared_task
def refresh_scores() -> dict[str, int]:
    """Score open cases anew with the champion; returns how many, by champion."""
    from reviews.refresh import refreshing  # noqa: PLC0415 (XGBoost and numba)

    return refreshing.refresh_scores(now=timezone.now())
