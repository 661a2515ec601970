"""Sensitive content on pages: counted like a claim, and withheld while a limit of the reviewer is reached."""

from datetime import datetime

from django.db import transaction

from reviews.errors import BreakDue, ReviewError, ViewingLimitReached
from reviews.models import Case, ReviewerAction
from reviews.wellness.limits import limits_of, pace_at
from reviews.wellness.pace import HOUR
from reviews.work.transitions import append_to_case, lock_case


def limit_reached(reviewer: str, *, now: datetime) -> ReviewError | None:
    """The limit that keeps a reviewer from more sensitive content now; None if none does."""
    limits, pace = pace_at(reviewer, now=now)
    if pace.break_until is not None:
        return BreakDue(worked=pace.worked, until=pace.break_until)
    if limits.sensitive_per_hour and pace.sensitive_from:
        return ViewingLimitReached(limit=limits.sensitive_per_hour, until=pace.sensitive_from)
    return None


def why_withheld(
    reviewer: str, case: Case | None, *, now: datetime, is_sensitive: bool = False
) -> ReviewError | None:
    """Why sensitive content is withheld from a reviewer; None if it may be shown.

    What they hold, and what they have opened within the hour, is not withheld. `is_sensitive`: the content
    is, whatever its case; it may have none.
    """
    if not (is_sensitive or (case is not None and case.sensitive)):
        return None
    if case is not None and has_opened(case, reviewer, now=now):
        return None
    return limit_reached(reviewer, now=now)


def open_case(case: Case, *, reviewer: str, now: datetime) -> ReviewError | None:
    """Count that a reviewer opens the page of a case; or else why its content is withheld from them."""
    withheld = why_withheld(reviewer, case, now=now)
    if withheld is None:
        record_viewed(case, reviewer=reviewer, now=now)
    return withheld


def record_viewed(case: Case, *, reviewer: str, now: datetime) -> None:
    """Count that a reviewer with limits sees a sensitive case which they do not hold, once an hour."""
    if not case.sensitive or has_opened(case, reviewer, now=now):
        return
    limits = limits_of(reviewer)
    if limits.work is None and limits.sensitive_per_hour is None:
        return
    with transaction.atomic():
        data = {"reviewer": reviewer, "sensitive": True}
        append_to_case(lock_case(case.pk), "case.viewed", data, reviewer=reviewer, now=now)


def has_opened(case: Case, reviewer: str, *, now: datetime) -> bool:
    """Whether the reviewer holds a case, or has opened it as a sensitive one within the hour."""
    if case.is_held_by(reviewer, now):
        return True
    opened = ReviewerAction.objects.filter(
        reviewer=reviewer, event_position=case.pk, sensitive=True, at__gt=now - HOUR
    )
    return opened.exists()
