"""What replay does in the background."""

from celery import shared_task
from django.utils import timezone

from scoring.catalog.registry import lanes
from scoring.replay import consistency


@shared_task
def check_consistency() -> dict[str, int]:
    """Go on with the check of every lane; gives how many decisions were compared, by lane.

    Harmless when delivered twice or lost: the checkpoint moves with the counts.
    """
    now = timezone.now()
    consistency.forget_old_counts(now=now)
    return {lane: consistency.check_lane(lane, now=now) for lane in lanes()}
