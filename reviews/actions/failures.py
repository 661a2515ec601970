"""Requests of actions that were given up and not made anew since."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from reviews.models import ActionRequest, Case, CaseAction


def failed_requests(*, cases: QuerySet[Case], user: Any, since: datetime) -> list[ActionRequest]:
    """Failed requests of these cases since a time, the latest first: of actions that the user may request,
    and without a later request of the same action for the case. One query without any, else three.
    """
    later = ActionRequest.objects.filter(
        action=OuterRef("action"),
        event_position=OuterRef("event_position"),
        created_at__gt=OuterRef("created_at"),
    )
    failed = ActionRequest.objects.filter(state=ActionRequest.State.FAILED, created_at__gt=since)
    found = failed.filter(event_position__in=cases.values("pk")).exclude(Exists(later))
    requests = list(found.order_by("-created_at"))
    if not requests:
        return []
    groups = set(user.groups.values_list("name", flat=True))
    actions = CaseAction.objects.filter(name__in={each.action for each in requests})
    own = {each.name for each in actions if not each.terms["groups"] or groups & set(each.terms["groups"])}
    return [each for each in requests if each.action in own]


def id_of(case: Case) -> str:
    """The sender's id of the event, as lists of cases show it."""
    return case.event_stream.partition("/")[2].partition("/")[2]
