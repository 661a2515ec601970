"""What can be done with the result of a query: a review queue of its condition, and bulk actions."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.urls import reverse

from reviews.investigation.bulk.reviewer import BULK_ACT
from reviews.investigation.bulk.terms import KINDS
from reviews.investigation.query.operands import names_after_decision
from reviews.investigation.query.query import Query
from reviews.investigation.results.matching import compile_query
from reviews.pages.investigations.bulk.permissions import NEEDED
from reviews.pages.investigations.bulk.words import TITLES
from reviews.pages.queues.list_page import SET as SET_QUEUE


def actions_panel(query: Query, *, user: AbstractUser | AnonymousUser) -> dict[str, Any]:
    """The context of the actions on a result that the user may take. The condition is valid."""
    return {"bulk_links": _bulk_links(query, user), **_queue_offer(query, user)}


def _bulk_links(query: Query, user: AbstractUser | AnonymousUser) -> list[tuple[str, str]]:
    """The name and the address of each bulk action."""
    if not user.has_perm(BULK_ACT):
        return []
    allowed = [kind for kind in KINDS if user.has_perm(NEEDED[kind])]
    return [(TITLES[kind], reverse("admin:bulk_preview", args=[kind]) + query.link()) for kind in allowed]


def _queue_offer(query: Query, user: AbstractUser | AnonymousUser) -> dict[str, Any]:
    """The link to a new queue with the condition, or the names in it that a queue does not have."""
    if not user.has_perm(SET_QUEUE):
        return {}
    late = names_after_decision(expression) if (expression := compile_query(query)) else []
    may_be_queue = expression is not None and not late
    return {
        "may_set_queue": True,
        "late_names": late,
        "queue_link": queue_link(query.event_type, query.condition) if may_be_queue else "",
    }


def queue_link(event_type: str, condition: str) -> str:
    """The address of the form for a new review queue that takes the cases of events meeting a condition."""
    return f"{reverse('admin:review_queue_new')}?{urlencode({'type': event_type, 'condition': condition})}"
