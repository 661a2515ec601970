"""The actions that a case offers, and what became of those requested for it."""

from typing import Any, NamedTuple

from reviews.actions.definition import ActionDefinition
from reviews.models import ActionRequest, Case, CaseAction, CaseActionAddress
from reviews.pages.actions.words import request_lines

REQUEST = "reviews.request_caseaction"
MAX_SHOWN = 20


class OfferedAction(NamedTuple):
    """An action as a button. `done`: it runs once per case, and is queued or delivered."""

    name: str
    title: str
    key: str
    done: bool


def actions_panel(case: Case, *, user: Any, blind: bool) -> dict[str, Any]:
    """The template context of the actions of a case.

    A `blind` reviewer gets none: a request would tell that there is a verdict. At most four queries, one
    without actions for the event type.
    """
    actions = list(CaseAction.objects.filter(terms__event_types__contains=case.event_type).order_by("name"))
    if blind or not actions:
        return {}
    requests = list(ActionRequest.objects.filter(event_position=case.pk).order_by("-created_at")[:MAX_SHOWN])
    standing = {each.action for each in requests if each.state != ActionRequest.State.FAILED}
    return {
        "offered_actions": [
            OfferedAction(each.name, each.title, each.key, each.once and each.name in standing)
            for each in _open_to(actions, user)
        ],
        "action_requests": request_lines(requests),
    }


def _open_to(actions: list[CaseAction], user: Any) -> list[ActionDefinition]:
    """Those of these actions that the user may request and that have an address."""
    if not user.has_perm(REQUEST):
        return []
    in_use = [each for each in actions if not each.retired]
    addressed = set(CaseActionAddress.objects.values_list("action", flat=True))
    groups = set(user.groups.values_list("name", flat=True))
    return [
        ActionDefinition.of(each.terms)
        for each in in_use
        if each.name in addressed and (not each.terms["groups"] or groups & set(each.terms["groups"]))
    ]
