"""Sends the requests of actions that are due, and records in the case what became of each."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from reviews.actions.changing import address_of
from reviews.actions.composing import with_texts
from reviews.actions.requesting import ACTOR
from reviews.models import Case
from reviews.models.actions import ActionRequest
from reviews.models.quality import GivenVerdict
from reviews.work.transitions import append_to_case, lock_case
from scoring.log import vault
from scoring.webhooks.errors import DeliveryFailed, WebhookRefused
from scoring.webhooks.outbox import note_failure, note_sent, send_due
from scoring.webhooks.posting import post

KEPT = timedelta(days=90)
# Answers from 400 to 499 say that the request is wrong, except for these: the same request may succeed later.
TRY_AGAIN = (408, 425, 429)
logger = logging.getLogger(__name__)


def send_requests(*, now: datetime) -> int:
    """Send the requests that are due; returns how many were answered, or need no answer any more.

    The first receiver that does not answer ends the run. One that refuses does not hold up the others.
    """
    return send_due(ActionRequest, lambda request: _attempt(request, now=now), now=now)


def prune_requests(*, now: datetime) -> int:
    """Delete requests that were done KEPT ago; the log keeps them. Returns how many."""
    done = ActionRequest.objects.exclude(state=ActionRequest.State.PENDING)
    deleted, _ = done.filter(created_at__lt=now - KEPT).delete()
    return deleted


def _attempt(request: ActionRequest, *, now: datetime) -> bool:
    try:
        request.status = _post(request, now=now)
    except (DeliveryFailed, WebhookRefused) as error:
        _note_failure(request, error, now=now)
        return isinstance(error, WebhookRefused) or error.final or error.status is not None
    with transaction.atomic():
        note_sent(request, now=now)
        request.save(update_fields=["status"])
        _record(request, "case.action_delivered", {"status": request.status}, now=now)
    return True


def _post(request: ActionRequest, *, now: datetime) -> int:
    """Send a request; returns the status of the answer. Raises DeliveryFailed, WebhookRefused."""
    address = address_of(request.action)
    if address is None:
        raise DeliveryFailed(f"the action {request.action} has no address any more", final=True)
    if request.verdict_position is not None and not _stands(request, request.verdict_position):
        raise DeliveryFailed("the verdict was undone before it was sent", final=True)
    known = vault.reveal(set(request.texts.values())) if request.texts else {}
    texts = {name: known.get(digest, "") for name, digest in request.texts.items()}
    return post(
        address.url,
        with_texts(request.content, texts),
        secret=address.secret,
        message=f"act_{request.key}",
        now=now,
        headers={"Idempotency-Key": str(request.key)},
    )


def _stands(request: ActionRequest, verdict: int) -> bool:
    """Whether the verdict at this position is still that of the case."""
    given = GivenVerdict.objects.filter(pk=verdict, undone=False).first()
    cases = Case.objects.with_verdict().filter(pk=request.event_position or 0)
    return given is not None and cases.filter(decided_at=given.given_at).exists()


def _note_failure(request: ActionRequest, error: DeliveryFailed | WebhookRefused, *, now: datetime) -> None:
    status = error.status if isinstance(error, DeliveryFailed) else None
    if status is not None and 400 <= status < 500 and status not in TRY_AGAIN:
        error = DeliveryFailed(str(error), final=True, status=status)
    with transaction.atomic():
        request.status = status
        request.save(update_fields=["status"])
        if note_failure(request, error, now=now):
            _record(request, "case.action_failed", {"status": status}, now=now)
    logger.warning("request %s of the action %s: %s", request.key, request.action, error)


def _record(request: ActionRequest, entry_type: str, what: dict[str, Any], *, now: datetime) -> None:
    """Say in the stream of the case what became of the request; a test has none."""
    if request.event_position is None:
        return
    data = {
        "action": request.action,
        "request": str(request.key),
        "attempts": request.attempts,
        **what,
    }
    append_to_case(lock_case(request.event_position), entry_type, data, reviewer="", actor=ACTOR, now=now)
