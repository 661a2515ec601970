"""Celery task of the continuous check."""

from celery import shared_task
from django.utils import timezone

from scoring.catalog.registry import lanes


@shared_task
def check_consistency() -> dict[str, int]:
    """Continue the check of every lane; returns the number of compared decisions by lane.

    Safe if delivered twice or lost, because the checkpoint is committed with the counts.
    """
    from scoring.replay.consistency import checking  # noqa: PLC0415 (numba, XGBoost, pyarrow and pandas)

    now = timezone.now()
    checking.forget_old_counts(now=now)
    return {lane: checking.check_lane(lane, now=now) for lane in lanes()}
