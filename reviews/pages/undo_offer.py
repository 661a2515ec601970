"""The last verdict, kept in the session so that the next page can offer to undo it."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.http import HttpRequest

from reviews.models import Case
from reviews.work.verdicts import UNDOABLE_DURING

OFFERED_FOR = timedelta(minutes=15)
_KEY = "reviews_last_decided"


def remember_verdict(request: HttpRequest, case: Case) -> None:
    """Offer to undo this verdict on the next pages."""
    request.session[_KEY] = case.event_position


def last_verdict(request: HttpRequest, *, now: datetime) -> Case | None:
    """The case that this user decided last, unless its verdict was undone or is older than `OFFERED_FOR`.

    Also one whose verdict waits for a second person.
    """
    position = request.session.get(_KEY)
    if position is None:
        return None
    name, since = request.user.get_username(), now - OFFERED_FOR
    decided = Q(state__in=Case.MAY_HAVE_VERDICT, decided_by=name, decided_at__gt=since)
    proposed = Q(proposed_by=name, proposed_at__gt=since)
    offered = Case.objects.filter(decided | proposed, pk=position)
    return offered.filter(quality_check__in=UNDOABLE_DURING).first()


def decided_together(case: Case) -> int:
    """How many verdicts that were given with that of the case still stand, its own included; 0 for none."""
    if not case.verdict_group:
        return 0
    return Case.objects.filter(verdict_group=case.verdict_group, state=Case.State.DECIDED).count()
