"""Deciding a case, and undoing its verdict. Each also records or takes back what follows from it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from reviews.errors import CaseNotDecided, InvalidVerdict, NotYourVerdict
from reviews.four_eyes.errors import ConfirmationNeeded
from reviews.models import Case
from reviews.models.quality import GivenVerdict
from reviews.quality.errors import CheckInProgress
from reviews.queue.linking import count_again
from reviews.work.allowed_labels import check_allowed
from reviews.work.checks import open_second_review, record_check
from reviews.work.claims import LEASE, require_open_to
from reviews.work.consequences import carry_out, is_granted, take_back
from reviews.work.notes import store_note
from reviews.work.proposals import confirms, is_proposal, proposals_of, propose, withdraw_proposal
from reviews.work.transitions import (
    append_to_case,
    lock_case,
    require_claimed_by,
    require_not_held_by_others,
)
from reviews.work.verdict_rules import Verdict, check_appeal, check_contradiction, check_verdict
from scoring.admin_kit.row_rules.limits import UNLIMITED, Limits
from scoring.catalog.registry import event_type
from scoring.intake.labels import said_by_source
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.timestamps import to_iso

UNDOABLE_DURING = ("", Case.Check.SECOND)  # checks: the others compare with the verdict, or decide about it


def decide_case(
    position: int,
    *,
    reviewer: str,
    verdict: str,
    reason_code: str = "",
    note: str = "",
    policies: Mapping[str, str] | None = None,
    action: str = "",
    strike: bool = False,
    confidence: str = "",
    escalations: bool = False,
    adjudications: bool = False,
    confirmations: bool = False,
    limits: Limits = UNLIMITED,
    now: datetime,
) -> Case:
    """Close a claimed case with a verdict, and label its event from the source `review`.

    A verdict that needs a second person only proposes, until another reviewer gives the same one.

    For a type with policies: those broken with their reason codes, the action and whether the author gets a
    strike. The verdict on an appeal changes the event that it is about instead. All is appended in one
    transaction; the lanes are notified after the commit. An expired lease does not matter while no one else
    has claimed the case. The note is personal: its text goes to the vault, its digest into the log.
    `limits`: of the reviewer's groups, whose labels and policies are the only ones allowed.

    Raises `InvalidVerdict`, `CaseNotFound`, `CaseNotHeld`, `CaseAlreadyDecided`, `CaseAlreadyClosed`,
    `CaseEscalated`, `OwnVerdictAppealed`, `NotForThisReviewer`, `AdjudicatorNeeded`, `OwnProposal`,
    `ConfirmerNeeded`.
    """
    given = Verdict(verdict, reason_code, note, policies or {}, action, strike, confidence)
    with transaction.atomic():
        return close_case(
            lock_case(position),
            given,
            reviewer=reviewer,
            now=now,
            escalations=escalations,
            adjudications=adjudications,
            confirmations=confirmations,
            limits=limits,
        )


def close_case(
    case: Case,
    verdict: Verdict,
    *,
    reviewer: str,
    now: datetime,
    group: str = "",
    claimed: bool = True,
    escalations: bool = False,
    adjudications: bool = False,
    confirmations: bool = False,
    limits: Limits = UNLIMITED,
) -> Case:
    """`decide_case` for a locked case, in the caller's transaction.

    `group`: what verdicts given at once share. Without `claimed` the case may also be free. The verdict on a
    quality check is recorded beside the one that stands. One that needs a second person is only proposed,
    and refused (`ConfirmationNeeded`) for a case that is not `claimed`.
    """
    if claimed:
        require_claimed_by(case, reviewer)
    else:
        require_not_held_by_others(case, reviewer, now=now)
    require_open_to(
        case,
        reviewer,
        escalations=escalations,
        adjudications=adjudications,
        confirmations=confirmations,
    )
    check_allowed(case.event_type, verdict, limits.labels_of(case.event_type))
    if case.why == Case.Why.APPEAL:
        checked = check_appeal(case.event_type, verdict, against=case.outcome)
    else:
        checked = check_verdict(case.event_type, verdict)
    _check_against(case, checked)
    data = _verdict_data(case, checked, reviewer=reviewer)
    if case.quality_check:
        return record_check(case, checked, data, reviewer=reviewer, now=now)
    if is_proposal(case, checked, data):
        if not claimed:
            raise ConfirmationNeeded(case.event_stream)
        return propose(case, data, reviewer=reviewer, now=now)
    data |= {"group": group} if group else {}
    data |= {"confirms": case.proposed_by} if confirms(case, data) else {}
    case = append_to_case(case, "case.decided", data, reviewer=reviewer, now=now)
    carry_out(case, checked, reviewer=reviewer, now=now)
    if not group:
        count_again([case.joined_to], now=now)
    return open_second_review(case, now=now)


def undo_verdict(position: int, *, reviewer: str, now: datetime, may_undo_any: bool = False) -> Case:
    """Undo a verdict and what followed from it; the case is then claimed by the reviewer who undid it.

    The lane treats the retracted label like every retraction: counts and sums are corrected for the events
    that follow. A second review that is open is dropped. A verdict that waits for a second person is taken
    back. Raises `CaseNotFound`, `CaseNotDecided`,
    `CheckInProgress`, `NotYourVerdict`.
    """
    with transaction.atomic():
        case = lock_case(position)
        if case.proposed_at is not None:
            return withdraw_proposal(case, reviewer=reviewer, lease=LEASE, now=now, may_undo_any=may_undo_any)
        if case.decided_at is None:
            raise CaseNotDecided(case.event_stream)
        if case.decided_by != reviewer and not may_undo_any:
            raise NotYourVerdict(case.event_stream, by=case.decided_by)
        if case.quality_check not in UNDOABLE_DURING:
            raise CheckInProgress(case.event_stream)
        take_back(case, reviewer=reviewer, now=now)
        data = {"reviewer": reviewer, "until": to_iso(now + LEASE), "undone": _given(case)}
        case = append_to_case(case, "case.reopened", data, reviewer=reviewer, now=now)
        count_again([case.joined_to, case.pk if case.linked else None], now=now)
        case.refresh_from_db()
        return case


def _given(case: Case) -> list[int]:
    """The positions of the entries with the verdict that stands, and with those proposed before it."""
    given = GivenVerdict.objects.filter(event_position=case.pk, reviewer=case.decided_by)
    standing = [each.position for each in given if each.given_at == case.decided_at]
    return standing + [each for each in proposals_of(case) if each not in standing]


def _check_against(case: Case, verdict: Verdict) -> None:
    """Raises `InvalidVerdict` if what is known of the event does not allow the verdict."""
    if case.why != Case.Why.APPEAL:
        check_contradiction(verdict, said_by_source(_known_labels(case)))
    elif case.about is None and is_granted(case, verdict.value):
        raise InvalidVerdict(
            field="verdict",
            problem="the sender of the appeal has sent no such event, so nothing can be restored",
            allowed=event_type(case.event_type).labels.negative,
        )


def _known_labels(case: Case) -> list[Entry]:
    """The label entries of a case's event; for a blind check those of before the verdict that stands."""
    entries = read_stream(f"label/{case.event_stream}")
    if case.quality_check not in Case.BLIND or case.decided_at is None:
        return entries
    return [entry for entry in entries if entry.recorded_at < case.decided_at]


def _verdict_data(case: Case, verdict: Verdict, *, reviewer: str) -> dict[str, Any]:
    """What every verdict logs; policies and action only for types that have them."""
    data: dict[str, Any] = {
        "reviewer": reviewer,
        "verdict": verdict.value,
        "reason_code": verdict.reason_code,
        "note": store_note(verdict.note),
    }
    if case.claimed_at is not None and case.claimed_by == reviewer:
        data["claimed_at"] = to_iso(case.claimed_at)
    if verdict.policies:
        data["policies"] = dict(verdict.policies)
    if verdict.action:
        data["action"] = verdict.action
    if verdict.strike:
        data["strike"] = True
    if verdict.confidence:
        data["confidence"] = verdict.confidence
    return data
