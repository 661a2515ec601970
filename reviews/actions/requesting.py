"""Requesting an action: an entry in the stream of the case, and a message in the outbox with it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from reviews.actions.changing import address_of
from reviews.actions.composing import body_of, trial_body
from reviews.actions.definition import TEXT, ActionDefinition
from reviews.actions.errors import (
    ActionAlreadyRequested,
    ActionChangedMeanwhile,
    ActionNotYours,
    ActionUnknown,
    ActionWithoutAddress,
    RequestKeyTaken,
)
from reviews.actions.parameters import EventAmount, read_parameters
from reviews.models import Case
from reviews.models.actions import ActionRequest, CaseAction
from reviews.work.notes import store_note
from reviews.work.transitions import append_to_case, lock_case
from scoring.catalog.registry import event_type
from scoring.intake.answers import current_version
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.webhooks.posting import host_of

ACTOR = "case_actions"


def request_action(
    position: int,
    *,
    action: str,
    number: int,
    sent: Mapping[str, str],
    key: UUID,
    reviewer: str,
    now: datetime,
) -> ActionRequest:
    """Request an action for the case of the event at `position`, as a reviewer has confirmed it.

    `number`: the version that was shown; `sent`: the parameters as entered. The same `key` again gives the
    request that it has made. Raises CaseNotFound, RequestKeyTaken, ActionUnknown, ActionChangedMeanwhile,
    ActionNotYours, ActionWithoutAddress, ActionAlreadyRequested, ParametersInvalid.
    """
    with transaction.atomic():
        case = lock_case(position)
        if made := ActionRequest.objects.filter(pk=key).first():
            if made.event_position != position:
                raise RequestKeyTaken(key)
            return made
        found = CaseAction.objects.of_type(case.event_type).filter(pk=action).first()
        if found is None:
            raise ActionUnknown(action)
        if found.number != number:
            raise ActionChangedMeanwhile(action, based_on=number, newest=found.number)
        if not found.admits(reviewer):
            raise ActionNotYours(action, groups=found.terms["groups"])
        return queue_request(case, found, sent, key=key, reviewer=reviewer, due_at=now, now=now)


def queue_request(
    case: Case,
    action: CaseAction,
    sent: Mapping[str, str],
    *,
    key: UUID,
    due_at: datetime,
    now: datetime,
    reviewer: str = "",
    verdict: Entry | None = None,
) -> ActionRequest:
    """Queue a request for a locked case, of a `reviewer` or because of a `verdict`.

    Raises ActionWithoutAddress, ActionAlreadyRequested, ParametersInvalid.
    """
    definition = ActionDefinition.of(action.terms)
    address = address_of(action.name)
    if address is None:
        raise ActionWithoutAddress(action.name)
    if definition.once and standing_requests(case).filter(action=action.name).exists():
        raise ActionAlreadyRequested(action.name, case.event_stream)
    receipt = current_version(read_stream(case.event_stream))
    amount = amount_in(receipt)
    values = read_parameters(definition, sent, amount)
    data = {
        "action": action.name,
        "number": action.number,
        "request": str(key),
        **_stored_values(definition, values),
        "host": host_of(address.url),
        **({"reviewer": reviewer} if reviewer else {}),
        **({"verdict": verdict.position} if verdict else {}),
    }
    case = append_to_case(case, "case.action_requested", data, reviewer=reviewer, actor=ACTOR, now=now)
    return ActionRequest.objects.create(
        key=key,
        action=action.name,
        number=action.number,
        event_position=case.pk,
        requested_by=reviewer,
        verdict_position=verdict.position if verdict else None,
        content=body_of(case, receipt, data, currency=amount.currency, now=now),
        texts=data["texts"],
        created_at=now,
        due_at=due_at,
    )


def _stored_values(definition: ActionDefinition, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What was entered, as it is logged: `parameters`, and apart from them the digests of `texts`."""
    texts = {each.name for each in definition.parameters if each.kind == TEXT}
    return {
        "parameters": {name: value for name, value in values.items() if name not in texts},
        "texts": {name: store_note(value) for name, value in values.items() if name in texts},
    }


def request_test(action: CaseAction, *, actor: str, now: datetime) -> ActionRequest:
    """Queue a request that names no event and does nothing, to try address and signature.

    Raises ActionWithoutAddress.
    """
    if address_of(action.name) is None:
        raise ActionWithoutAddress(action.name)
    key = uuid4()
    return ActionRequest.objects.create(
        key=key,
        action=action.name,
        number=action.number,
        requested_by=actor.removeprefix("user/"),
        content=trial_body(action.name, action.number, key=str(key), now=now),
        created_at=now,
        due_at=now,
    )


def standing_requests(case: Case) -> Any:
    """The requests for a case that are queued or delivered."""
    return ActionRequest.objects.filter(event_position=case.pk).exclude(state=ActionRequest.State.FAILED)


def amount_in(receipt: Entry) -> EventAmount:
    """The amount of a received event in its own currency."""
    kind = event_type(receipt.data["type"])
    amount = kind.sent_amount(receipt.data["fields"])
    if amount is None:
        return EventAmount(None, kind.base_currency)
    return EventAmount(int(amount["minor"]), str(amount["currency"]))
