"""Runs a bulk action in steps. What a step did is logged in the transaction that does it."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from reviews.investigation.bulk import labels, listing, verdicts
from reviews.investigation.bulk.actions import bulk_actions
from reviews.investigation.bulk.outcome import Outcome
from reviews.investigation.bulk.reviewer import Reviewer, reviewer_named
from reviews.investigation.bulk.terms import UNDO, LabelTerms, VerdictTerms, terms_of
from reviews.models import BulkAction
from scoring.jobs.queue import Clock

ITEMS_A_STEP = 50  # each step is one transaction, which holds the rows of its cases


def run_action(number: int, *, clock: Clock = timezone.now) -> bool:
    """Run a queued action to its end. False if another one is running or this one is not queued."""
    return bulk_actions.run(number, partial(_run, clock=clock), clock=clock)


def _run(action: BulkAction, *, clock: Clock) -> None:
    watch = bulk_actions.reporter(action.number, clock=clock)
    reviewer = reviewer_named(action.requested_by)
    is_undo = action.kind == UNDO
    watch.begin("undoing" if is_undo else "acting", total=len(action.items))
    counts = {"done": 0, "left_out": 0}
    for start in range(0, len(action.items), ITEMS_A_STEP):
        part = action.items[start : start + ITEMS_A_STEP]
        with transaction.atomic():
            now = clock()
            step = _undo if is_undo else _act
            outcome = step(action, part, reviewer, now=now)
            bulk_actions.note(action.number, "applied", outcome.as_data(), now=now)
        counts["done"] += len(outcome.done)
        counts["left_out"] += len(outcome.left_out)
        watch.advance(len(part))
    bulk_actions.finish(action.number, lambda: {"result": counts}, clock=clock)


def _act(action: BulkAction, items: Sequence[Any], reviewer: Reviewer, *, now: datetime) -> Outcome:
    terms = terms_of(action.kind, action.terms)
    if isinstance(terms, LabelTerms):
        return labels.act(items, terms, reviewer, now=now)
    if isinstance(terms, VerdictTerms):
        return verdicts.act(items, terms, reviewer, group=group_of(action.number), now=now)
    return listing.act(items, terms, reviewer, reason=action.reason, now=now)


def _undo(undoing: BulkAction, items: Sequence[Any], reviewer: Reviewer, *, now: datetime) -> Outcome:
    """Undo what the action did with these of its items, each with its mark."""
    action = bulk_actions.find(undoing.undoes)
    terms = terms_of(action.kind, action.terms)
    done = [(item, mark) for item, mark in items]
    if isinstance(terms, LabelTerms):
        return labels.undo(done, terms, reviewer, now=now)
    if isinstance(terms, VerdictTerms):
        return verdicts.undo(done, reviewer, group=group_of(action.number), now=now)
    return listing.undo(done, terms, reviewer, reason=undoing.reason, now=now)


def group_of(number: int) -> str:
    """What the verdicts of an action share."""
    return f"bulk-{number}"
