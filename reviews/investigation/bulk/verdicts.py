"""One verdict for many open cases, by the rules of single ones: leases, queues, escalation, four eyes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from reviews.errors import (
    CaseAlreadyClosed,
    CaseAlreadyDecided,
    CaseEscalated,
    CaseNotHeld,
    ReviewError,
)
from reviews.four_eyes.errors import ConfirmationNeeded, ConfirmerNeeded, OwnProposal
from reviews.investigation.bulk.outcome import Item, Outcome
from reviews.investigation.bulk.reviewer import Reviewer
from reviews.investigation.bulk.terms import VerdictTerms
from reviews.models import Case
from reviews.queue.linking import count_again
from reviews.queues.errors import CaseAssigned, NotYourQueue
from reviews.work.claims import release_case, require_open_to
from reviews.work.proposals import is_proposal
from reviews.work.transitions import lock_cases, require_not_held_by_others
from reviews.work.verdict_rules import Verdict, check_verdict, labels_from_others
from reviews.work.verdicts import close_case, undo_verdict
from scoring.errors import ScoringError
from scoring.intake.labels import said_by_source
from scoring.log import vault
from scoring.log.read import read_streams

ALONE = "must be decided by itself"  # an appeal or a quality check; which one it is may be hidden


def refusals(
    positions: Sequence[Item], terms: VerdictTerms, reviewer: Reviewer, *, now: datetime
) -> dict[Item, str]:
    """Why events get no verdict: they have no open case, or the reviewer may not decide it this way."""
    cases = Case.objects.in_bulk(positions)
    standing = _labels_from_others(list(cases.values()))
    found: dict[Item, str] = {}
    for position in positions:
        case = cases.get(int(position))
        if case is None:
            found[position] = "has no case"
        elif why := _refusal(case, terms, reviewer, others=standing[case.event_stream], now=now):
            found[position] = why
    return found


def act(
    positions: Sequence[Item], terms: VerdictTerms, reviewer: Reviewer, *, group: str, now: datetime
) -> Outcome:
    """Decide the open cases of these events, locked first, so that none is claimed or decided in between."""
    cases = lock_cases([int(each) for each in positions])
    refused = refusals(positions, terms, reviewer, now=now)
    outcome = Outcome.without(refused.items())
    note = vault.reveal([terms.note]).get(terms.note, "") if terms.note else ""
    verdict = Verdict(terms.value, terms.reason_code, note, terms.policies, terms.action)
    leads = set[int | None]()
    for position in sorted(int(each) for each in positions if each not in refused):
        try:
            with transaction.atomic():  # a savepoint: what is left out is not changed
                case = _decide(cases[position], verdict, reviewer, group=group, now=now)
        except ScoringError as error:
            outcome.left_out.append((position, _cause(error)))
            continue
        outcome.done.append((position, ""))
        leads.add(case.joined_to)
    count_again(leads, now=now)
    return outcome


def undo(done: Sequence[tuple[Item, Any]], reviewer: Reviewer, *, group: str, now: datetime) -> Outcome:
    """Undo the verdicts of the group that still stand; their cases return to the queue."""
    outcome = Outcome.nothing()
    positions = sorted(int(item) for item, _ in done)
    standing = Case.objects.with_verdict().filter(pk__in=positions, verdict_group=group)
    # Locked before any is undone: a case that has just got another verdict is no longer of the group.
    still = {each.pk for each in standing.select_for_update().order_by("pk")}
    for position in positions:
        if position not in still:
            outcome.left_out.append((position, "was undone or decided otherwise since then"))
            continue
        try:
            with transaction.atomic():
                undo_verdict(position, reviewer=reviewer.name, now=now, may_undo_any=reviewer.may_undo_any)
                release_case(position, reviewer=reviewer.name, now=now)
        except ScoringError as error:
            outcome.left_out.append((position, str(error)))
            continue
        outcome.done.append((position, ""))
    return outcome


def _decide(case: Case, verdict: Verdict, reviewer: Reviewer, *, group: str, now: datetime) -> Case:
    """Close a locked case with a verdict of the group. Raises ScoringError."""
    return close_case(
        case,
        verdict,
        reviewer=reviewer.name,
        now=now,
        group=group,
        claimed=False,
        limits=reviewer.limits,
        **reviewer.decides,
    )


def _refusal(
    case: Case, terms: VerdictTerms, reviewer: Reviewer, *, others: dict[str, str], now: datetime
) -> str:
    """Why a case gets no verdict, "" if it does."""
    if case.why == Case.Why.APPEAL or case.quality_check:
        return ALONE
    try:
        require_not_held_by_others(case, reviewer.name, now=now)
        require_open_to(case, reviewer.name, **reviewer.decides)
        _require_no_second_person(case, terms)
    except ReviewError as error:
        return _cause(error)
    against = [f"{source} says {label}" for source, label in others.items() if label != terms.value]
    return " and ".join(against)


def _cause(error: ScoringError) -> str:  # noqa: PLR0911 - one for each
    """Why a case is left out, without its name, so that equal causes can be counted."""
    match error:
        case CaseNotHeld(by=by):
            return f"is claimed by {by}"
        case CaseAlreadyDecided(verdict=verdict, by=by):
            return f"was decided as {verdict} by {by}"
        case CaseAlreadyClosed(because=because):
            return f"was closed: {because}"
        case CaseEscalated():
            return "is escalated, and you may not decide escalated cases"
        case CaseAssigned(to=to):
            return f"is assigned to {to}"
        case NotYourQueue(queue=queue):
            return f"is in the queue {queue}, and you are not a member of it"
        case ConfirmationNeeded():
            return "needs a second person for this verdict"
        case ConfirmerNeeded() | OwnProposal():
            return "has a verdict that waits for a second person"
    return str(error)


def _require_no_second_person(case: Case, terms: VerdictTerms) -> None:
    """Raises ConfirmationNeeded for a case that one verdict alone does not decide."""
    given = Verdict(terms.value, terms.reason_code, "-", terms.policies, terms.action)
    verdict = check_verdict(case.event_type, given)
    said = {"verdict": verdict.value, "policies": verdict.policies, "action": verdict.action}
    if is_proposal(case, verdict, said):
        raise ConfirmationNeeded(case.event_stream)


def _labels_from_others(cases: Sequence[Case]) -> dict[str, dict[str, str]]:
    """What sources other than reviewers say of the event of each case, by its stream."""
    stored = read_streams([f"label/{case.event_stream}" for case in cases])
    return {
        case.event_stream: labels_from_others(said_by_source(stored.get(f"label/{case.event_stream}", ())))
        for case in cases
    }
