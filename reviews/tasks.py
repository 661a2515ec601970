"""Background tasks of reviews."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from reviews.actions import sending


@shared_task
def refresh_scores() -> dict[str, int]:
    """Score open cases anew with the champion; returns how many, by champion."""
    from reviews.refresh import refreshing  # noqa: PLC0415 (XGBoost and numba)

    return refreshing.refresh_scores(now=timezone.now())


@shared_task
def follow_investigations() -> int:
    """Add new entries to the investigation store and return their number. Safe if delivered twice or lost."""
    from reviews.investigation.store import following  # noqa: PLC0415 (pyarrow)

    if not settings.INVESTIGATION_DAYS:
        return 0
    now, store = timezone.now(), following.investigation_store()
    followed = following.follow_log(store, now=now)
    following.tidy(store, now=now)
    return followed.entries if followed else 0


@shared_task
def send_action_requests() -> int:
    """Send the requests of actions that are due; returns how many were dealt with."""
    return sending.send_requests(now=timezone.now())


@shared_task
def prune_action_requests() -> int:
    """Delete old requests of actions; returns how many."""
    return sending.prune_requests(now=timezone.now())


@shared_task
def open_candidates() -> dict[str, int]:
    """Open cases of past events of entities whose risk has risen; returns how many, by event type."""
    from reviews.refresh import candidates  # noqa: PLC0415 (numba)

    return candidates.open_candidates(now=timezone.now())
