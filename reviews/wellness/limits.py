"""The limits of a reviewer and how they stand, read from their groups and actions."""

from datetime import datetime, timedelta

from reviews.errors import BreakDue
from reviews.models import ReviewerAction, WellnessLimit
from reviews.wellness.pace import Action, Limits, Pace, pace_of, strictest

SEEN = timedelta(hours=12)  # a stretch of work is not longer
MAX_ACTIONS = 5_000


def limits_of(reviewer: str) -> Limits:
    """The strictest limits among the reviewer's groups."""
    found = WellnessLimit.objects.filter(group__user__username=reviewer)
    return strictest(
        Limits(
            each.sensitive_per_hour,
            None if each.work_minutes is None else timedelta(minutes=each.work_minutes),
            timedelta(minutes=each.break_minutes),
        )
        for each in found
    )


def pace_at(reviewer: str, *, now: datetime) -> tuple[Limits, Pace]:
    """The reviewer's limits, and how they stand; nothing is counted for a reviewer without limits."""
    limits = limits_of(reviewer)
    if limits.work is None and limits.sensitive_per_hour is None:
        return limits, pace_of([], limits, now=now)
    done = ReviewerAction.objects.filter(reviewer=reviewer, at__gt=now - SEEN).order_by("-at")[:MAX_ACTIONS]
    actions = [Action(*each) for each in done.values_list("at", "event_position", "sensitive")]
    return limits, pace_of(actions, limits, now=now)


def require_no_break(pace: Pace) -> None:
    """Raises BreakDue while a break is due."""
    if pace.break_until is not None:
        raise BreakDue(worked=pace.worked, until=pace.break_until)
