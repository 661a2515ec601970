"""The consumer that requests actions which follow a verdict by themselves."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from reviews.actions.definition import ActionDefinition
from reviews.actions.errors import ActionAlreadyRequested, ActionWithoutAddress, ParametersInvalid
from reviews.actions.parameters import default_values
from reviews.actions.requesting import amount_in, queue_request
from reviews.models import Case
from reviews.models.actions import ActionRequest, CaseAction
from reviews.work.transitions import lock_case
from scoring.intake.answers import current_version
from scoring.log.consumers.registry import Consumer
from scoring.log.entries import Entry
from scoring.log.read import read_stream

UNDO_TIME = timedelta(minutes=5)  # a verdict that is undone within it sends nothing
_NAMESPACE = UUID("6f1f2f64-52ae-4be4-9d3c-2d1c3a7a8c11")


def follow_verdicts(entries: Sequence[Entry], *, now: datetime) -> None:
    """Queue the actions that follow the verdicts among these entries, in the caller's transaction.

    A verdict from before the latest change of an action is not followed. An action that has no address, was
    requested for the case before or lacks a parameter is left out.
    """
    following = [action for action in CaseAction.objects.in_use() if action.terms["verdicts"]]
    if not following:
        return
    # Cases are locked in one order, so that two transactions never wait for each other.
    for entry in sorted(entries, key=lambda each: int(each.data["event_position"])):
        for action in following:
            _follow(action, entry, now=now)


def request_key(entry: Entry, action: str) -> UUID:
    """The key of the request that follows a verdict: the same whenever the entry is handled."""
    return uuid5(_NAMESPACE, f"{entry.position}/{action}")


def _follow(action: CaseAction, entry: Entry, *, now: datetime) -> None:
    definition = ActionDefinition.of(action.terms)
    if entry.data["verdict"] not in definition.verdicts or entry.recorded_at < action.changed_at:
        return
    key = request_key(entry, action.name)
    case = lock_case(int(entry.data["event_position"]))
    if case.event_type not in definition.event_types or not _is_standing(case, entry):
        return
    if ActionRequest.objects.filter(pk=key).exists():
        return
    receipt = current_version(read_stream(case.event_stream))
    sent = default_values(definition, amount_in(receipt))
    try:
        queue_request(case, action, sent, key=key, verdict=entry, due_at=now + UNDO_TIME, now=now)
    except (ActionAlreadyRequested, ActionWithoutAddress, ParametersInvalid):
        return


def _is_standing(case: Case, entry: Entry) -> bool:
    return case.decided_at == entry.recorded_at


# Cannot be reset: it appends to the log.
ACTIONS = Consumer(
    name="reviews.actions", types=frozenset({"case.decided"}), handle=follow_verdicts, reset=None
)
