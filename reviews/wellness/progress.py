"""What a reviewer has done today: verdicts and the usual time per case. No streaks, goals or rankings."""

from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

from reviews.models.quality import GivenVerdict

MIN_TIMED = 5  # verdicts; fewer say nothing about a pace


class Progress(NamedTuple):
    """Verdicts since midnight UTC that were not undone, and the median time from claim to verdict.

    `pace`: None for fewer than `MIN_TIMED` verdicts whose claim is known.
    """

    verdicts: int
    pace: timedelta | None


def progress_of(reviewer: str, *, now: datetime) -> Progress:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    given = GivenVerdict.objects.filter(reviewer=reviewer, given_at__gte=midnight, undone=False)
    times = list(given.values_list("claimed_at", "given_at"))
    seconds = [(until - since).total_seconds() for since, until in times if since is not None]
    return Progress(len(times), timedelta(seconds=median(seconds)) if len(seconds) >= MIN_TIMED else None)
