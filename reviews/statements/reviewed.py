"""What people decided on an event, as it holds now: the verdict, unless an appeal against it was granted."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q

from reviews.models import Case
from reviews.work.consequences import is_granted, label_after
from reviews.work.reason_codes import verdict_words
from reviews.work.verdict_rules import ALLOW
from scoring.catalog.registry import event_type
from scoring.log.entries import Entry
from scoring.timestamps import to_iso


class Review(NamedTuple):
    """The verdict that holds. `first` is the decided case of the event, None if only an appeal was decided;
    `granted` the case of the appeal that overturned the decision, None if none did.
    """

    verdict: str
    policies: tuple[str, ...]
    action: str
    strike: bool
    decided_at: datetime
    first: Case | None
    granted: Case | None


def review_of(position: int, type_name: str) -> Review | None:
    """What people decided on the event received at `position`; None if nobody has."""
    decided = Case.objects.with_verdict().filter(Q(pk=position) | Q(about=position))
    cases = list(decided.order_by("decided_at"))
    first = next((case for case in cases if case.pk == position), None)
    granted = [case for case in cases if case.about == position and is_granted(case, case.verdict)]
    if granted:
        return _overturned(type_name, first, granted[-1])
    if first is None or first.decided_at is None:
        return None
    return Review(
        first.verdict, tuple(first.policies), first.action, first.strike, first.decided_at, first, None
    )


def review_answer(received: Entry) -> dict[str, Any] | None:
    """The review of an event as the API answers it."""
    review = review_of(received.position, received.data["type"])
    if review is None:
        return None
    return {
        "verdict": review.verdict,
        "policies": list(review.policies),
        "action": review.action or None,
        "strike": review.strike,
        "overturned": review.granted is not None,
        "decided_at": to_iso(review.decided_at),
    }


def _overturned(type_name: str, first: Case | None, granted: Case) -> Review:
    labels, at = event_type(type_name).labels, granted.decided_at or granted.opened_at
    how: dict[str, Any] = {"strike": False, "decided_at": at, "first": first, "granted": granted}
    if granted.action == ALLOW:
        label = label_after(granted)
        outcome = ALLOW if label == labels.negative else verdict_words(event_type(type_name), label).outcome
        return Review(label, (), outcome, **how)
    verdict, policies = (first.verdict, tuple(first.policies)) if first else (labels.positive, ())
    return Review(verdict, policies, granted.action, **how)
