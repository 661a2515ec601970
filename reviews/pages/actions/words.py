"""What became of requests, and who may make them, in words."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from reviews.actions.composing import TEST
from reviews.models import ActionRequest
from scoring.declare.spelling import words_of

PENDING, SENT = ActionRequest.State.PENDING, ActionRequest.State.SENT


class RequestLine(NamedTuple):
    """A request in words. `tone`: of the badge with its `state`; `why`: what went wrong, "" for nothing."""

    action: str
    state: str
    tone: str
    why: str
    by: str
    at: datetime
    attempts: int
    position: int | None


def request_lines(requests: Iterable[ActionRequest]) -> list[RequestLine]:
    """Requests in words, in their order."""
    return [
        RequestLine(
            action=action_title(each.action),
            state=state_of(each),
            tone={PENDING: "warn" if each.error else "info", SENT: "good"}.get(_state(each), "bad"),
            why=each.error,
            by=_by(each),
            at=each.created_at,
            attempts=each.attempts,
            position=each.event_position,
        )
        for each in requests
    ]


def state_of(request: ActionRequest) -> str:
    """Such as "queued", "delivered (200)", "refused (404)" or "not delivered"."""
    answered = f" ({request.status})" if request.status else ""
    if request.state == PENDING:
        return f"retrying{answered}" if request.error else "queued"
    if request.state == SENT:
        return f"delivered{answered}"
    return f"refused{answered}" if request.status else "not delivered"


def action_title(name: str) -> str:
    return words_of(name).capitalize()


def groups_text(terms: Mapping[str, Any]) -> str:
    return ", ".join(terms["groups"]) or "all who may request actions"


def _state(request: ActionRequest) -> ActionRequest.State:
    return ActionRequest.State(request.state)


def _by(request: ActionRequest) -> str:
    if request.content["type"] == TEST:
        return f"test by {request.requested_by}"
    return f"by {request.requested_by}" if request.requested_by else "after the verdict"
