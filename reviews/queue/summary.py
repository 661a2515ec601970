"""The figures at the top of the queue."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db.models import Min

from reviews.models import Case
from reviews.models.quality import GivenVerdict

MAX_COUNTED = 10_000  # a longer queue is shown as "10,000+"; an exact count would cost more than it tells


class QueueSummary(NamedTuple):
    """`waiting` counts free cases up to `MAX_COUNTED` (then `waiting_capped`), `held` those under a lease.

    `oldest_opened_at` is that of the oldest pending case; `decided_today` counts the reviewer's own verdicts
    since midnight UTC that were not undone.
    """

    waiting: int
    waiting_capped: bool
    held: int
    oldest_opened_at: datetime | None
    decided_today: int


def summarize_queue(
    *, reviewer: str, now: datetime, event_types: Collection[str] | None = None
) -> QueueSummary:
    """Four index probes, however long the queue is. `event_types`: those whose cases count, None for all."""
    cases = Case.objects.of_types(event_types)
    waiting = cases.free(now).order_by("-rank").values("pk")[: MAX_COUNTED + 1].count()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return QueueSummary(
        waiting=min(waiting, MAX_COUNTED),
        waiting_capped=waiting > MAX_COUNTED,
        held=cases.held(now).count(),
        oldest_opened_at=cases.pending().aggregate(oldest=Min("opened_at"))["oldest"],
        decided_today=GivenVerdict.objects.filter(
            reviewer=reviewer, given_at__gte=midnight, undone=False
        ).count(),
    )
