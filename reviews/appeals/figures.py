"""The figures of appeals in a span of days: how many, how they ended, and how long that took."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

from reviews.appeals.following import OVERTURNED, REDUCED, status_of
from reviews.models import Case

MAX_COUNTED = 20_000  # appeals, the latest


class AppealFigures(NamedTuple):
    """`pending`: open ones of any age, `oldest`: since when. Of those decided in the span: how many, how many
    changed the decision, and the median time from opening to verdict, None without any.
    """

    pending: int
    oldest: datetime | None
    decided: int
    changed: int
    time: timedelta | None

    @property
    def share(self) -> float | None:
        """The share of decided appeals that changed the decision; None without any."""
        return self.changed / self.decided if self.decided else None


def appeal_figures(*, since: datetime, event_types: Iterable[str]) -> AppealFigures:
    """The figures of appeals of these types decided at `since` or later."""
    appeals = Case.objects.filter(why=Case.Why.APPEAL, event_type__in=list(event_types))
    waiting = list(appeals.pending().filter(decided_at=None).order_by("opened_at").values_list("opened_at"))
    ended = list(appeals.with_verdict().filter(decided_at__gte=since).order_by("-decided_at")[:MAX_COUNTED])
    seconds = [(case.decided_at - case.opened_at).total_seconds() for case in ended if case.decided_at]
    return AppealFigures(
        pending=len(waiting),
        oldest=waiting[0][0] if waiting else None,
        decided=len(ended),
        changed=sum(status_of(case) in (OVERTURNED, REDUCED) for case in ended),
        time=timedelta(seconds=median(seconds)) if seconds else None,
    )
