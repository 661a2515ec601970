"""Bulk actions as jobs: requested from a preview, run one at a time, undone by an action of their own."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from reviews.investigation.bulk.errors import (
    BulkActionCancelled,
    BulkActionNotPossible,
    NotUndoable,
    TooManyBulkActions,
    UndoingTooLate,
    UnknownBulkAction,
)
from reviews.investigation.bulk.outcome import Item
from reviews.investigation.bulk.reviewer import Reviewer
from reviews.investigation.bulk.terms import UNDO, Terms
from reviews.models import BulkAction, BulkActionProgress
from reviews.work.notes import clean_note, store_note
from scoring.jobs.queue import JobQueue
from scoring.jobs.rows import OPEN, JobState
from scoring.sql.advisory_locks import LockSpace

MAX_OPEN = 3  # queued or running, of one person
IMMEDIATE = 100  # items that a request works off itself; more are left to a worker

bulk_actions = JobQueue(
    kind="bulk_action",
    jobs=BulkAction,
    progress=BulkActionProgress,
    lock=LockSpace.BULK_ACTION,
    task="reviews.investigation.bulk.tasks.run_bulk_action",
    actor="bulk_actions",
    died="the process that ran it ended; what it had done by then can be undone",
    stopped="the process that ran it was stopped; what it had done by then can be undone",
    unknown=UnknownBulkAction,
    not_possible=BulkActionNotPossible,
    cancelled=BulkActionCancelled,
    too_many=TooManyBulkActions,
    max_open=MAX_OPEN,
    queue="default",  # short, and people wait for it
)


def action_data(
    *,
    kind: str,
    event_type: str,
    terms: Terms,
    items: Sequence[Item],
    found: int,
    parameters: Mapping[str, str],
    reason: str,
) -> dict[str, Any]:
    """What is requested, as previewed: `items` of the `found` ones. `parameters`: the query."""
    return {
        "kind": kind,
        "event_type": event_type,
        "terms": terms.as_data(),
        "items": list(items),
        "found": found,
        "parameters": dict(parameters),
        "reason": reason,
    }


def request_action(data: Mapping[str, Any], *, note: str = "", reviewer: Reviewer, now: datetime) -> int:
    """Queue an action as `action_data` has it, and return its number.

    `note`: that of every verdict; its text goes to the vault. Raises InvalidVerdict for a note that is too
    long, TooManyBulkActions.
    """
    terms = {**data["terms"], "note": store_note(clean_note(note))} if note else data["terms"]
    return bulk_actions.request({**data, "terms": terms, "undoes": None}, actor=reviewer.actor, now=now)


def request_undo(number: int, *, reviewer: Reviewer, now: datetime) -> int:
    """Queue the undoing of everything that an action did, and return its number.

    Raises UnknownBulkAction, NotUndoable, UndoingTooLate, TooManyBulkActions.
    """
    action = bulk_actions.find(number)
    check_undoable(action, reviewer=reviewer, now=now)
    data = {
        "kind": UNDO,
        "event_type": action.event_type,
        "terms": action.terms,
        "items": action.done,
        "found": len(action.done),
        "parameters": action.parameters,
        "reason": f"Undoes bulk action {number}",
        "undoes": number,
    }
    return bulk_actions.request(data, actor=reviewer.actor, now=now)


def check_undoable(action: BulkAction, *, reviewer: Reviewer, now: datetime) -> None:
    """Raises NotUndoable, UndoingTooLate."""
    number = action.number
    if action.kind == UNDO:
        raise NotUndoable(number, "it undoes another one; act again from the query")
    if action.ended_at is None:
        raise NotUndoable(number, "it has not ended; cancel it first")
    if not action.done:
        raise NotUndoable(number, "it changed nothing")
    if action.requested_by != reviewer.actor and not reviewer.may_undo_any:
        by = action.requested_by.removeprefix("user/")
        raise NotUndoable(number, f"it is {by}'s, and you may not undo the verdicts of others")
    if (undoing := undoing_of(number)) is not None:
        raise NotUndoable(number, f"bulk action {undoing.number} undoes it")
    if (until := undo_until(action)) is not None and now > until:
        raise UndoingTooLate(number, until=until)


def undo_until(action: BulkAction) -> datetime | None:
    """Until when an action can be undone as a whole; None before it has ended."""
    if action.ended_at is None:
        return None
    return action.ended_at + timedelta(hours=settings.BULK_ACTION_UNDO_HOURS)


def undoing_of(number: int) -> BulkAction | None:
    """The action that undoes another one, unless it failed or was cancelled before it did anything."""
    found = BulkAction.objects.filter(undoes=number, state__in=(*OPEN, JobState.FINISHED))
    return found.order_by("-number").first()
