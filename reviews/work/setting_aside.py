"""Setting a case aside for a while, giving it to one reviewer, and moving it to another queue.

Who has claimed a case may do so. `may_assign`: the user may do it with cases that others work on, or nobody.
"""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from reviews.models import Case
from reviews.models.queues import ReviewQueue
from reviews.queues.errors import InvalidHandling, QueueUnknown
from reviews.queues.routing import routed_to
from reviews.work.transitions import append_to_case, lock_case, require_claimed_by, require_pending
from scoring.catalog.parsing.reasons import clean_reason
from scoring.timestamps import to_iso

MAX_SNOOZE = timedelta(days=30)
MAY_DECIDE = "reviews.work_case"


def snooze_case(
    position: int, *, reviewer: str, until: datetime, reason: str, now: datetime, may_assign: bool = False
) -> Case:
    """Return a case to its queue, where nobody gets it before `until`. Its SLA goes on.

    Raises `InvalidHandling` for a time that is past or too far off, and without a reason; and what
    `assign_case` raises.
    """
    if not now < until <= now + MAX_SNOOZE:
        allowed = f"later than now, at most {MAX_SNOOZE.days} days"
        raise InvalidHandling(field="until", problem=f"{to_iso(until)} is not possible", allowed=allowed)
    data = {"until": to_iso(until), "reason": _required(reason)}
    with transaction.atomic():
        case = _locked(position, reviewer, may_assign=may_assign)
        return _append(case, "case.snoozed", data, reviewer=reviewer, now=now)


def assign_case(
    position: int, *, reviewer: str, to: str, reason: str = "", now: datetime, may_assign: bool = False
) -> Case:
    """Give a case to one reviewer, who gets it next; with `to` "" to nobody again.

    Raises `InvalidHandling` if `to` is no user who may decide it, `CaseNotFound`, `CaseNotHeld`,
    `CaseAlreadyDecided`, `CaseAlreadyClosed`.
    """
    data = {"to": to, **({"reason": clean_reason(reason)} if reason.strip() else {})}
    with transaction.atomic():
        case = _locked(position, reviewer, may_assign=may_assign)
        if to:
            _require_reviewer(case, to)
        return _append(case, "case.assigned", data, reviewer=reviewer, now=now)


def transfer_case(
    position: int, *, reviewer: str, queue: str, reason: str, now: datetime, may_assign: bool = False
) -> Case:
    """Move a case to another queue in use, whose SLA counts from the opening of the case.

    Raises `QueueUnknown`, `InvalidHandling` for a queue of another event type, the queue that it is in and
    without a reason; and what `assign_case` raises.
    """
    to = ReviewQueue.objects.in_use().filter(pk=queue).first()
    if to is None:
        raise QueueUnknown(queue)
    said = _required(reason)
    with transaction.atomic():
        case = _locked(position, reviewer, may_assign=may_assign)
        _require_other_queue(case, to)
        data = {"reason": said, **routed_to(to).as_data()}
        return _append(case, "case.transferred", data, reviewer=reviewer, now=now)


def _append(case: Case, entry_type: str, data: dict[str, Any], *, reviewer: str, now: datetime) -> Case:
    return append_to_case(case, entry_type, {"reviewer": reviewer, **data}, reviewer=reviewer, now=now)


def _locked(position: int, reviewer: str, *, may_assign: bool) -> Case:
    """The pending case, locked, if the reviewer may set it aside."""
    case = lock_case(position)
    if may_assign:
        require_pending(case)
    else:
        require_claimed_by(case, reviewer)
    return case


def _required(reason: str) -> str:
    if not reason.strip():
        raise InvalidHandling(field="reason", problem="is missing", allowed="a few words")
    return clean_reason(reason)


def _require_other_queue(case: Case, to: ReviewQueue) -> None:
    allowed = f"another queue of {case.event_type} events"
    if to.event_type != case.event_type:
        problem = f"{to.name!r} is for {to.event_type} events"
        raise InvalidHandling(field="queue", problem=problem, allowed=allowed)
    if to.name == case.queue:
        raise InvalidHandling(field="queue", problem=f"the case is in {to.name!r}", allowed=allowed)


def _require_reviewer(case: Case, name: str) -> None:
    """Raises `InvalidHandling` unless an active user of this name may decide the case."""
    allowed = "the user name of another reviewer"
    user = get_user_model()._default_manager.filter(username=name, is_active=True).first()
    if user is None or not user.has_perm(MAY_DECIDE):
        raise InvalidHandling(field="to", problem=f"{name!r} reviews no cases", allowed=allowed)
    if case.not_for == name:
        problem = f"the appeal is against a verdict of {name}"
        raise InvalidHandling(field="to", problem=problem, allowed=allowed)
