"""Deciding a case, and undoing its verdict. Each also records or takes back what follows from it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from reviews.errors import CaseNotDecided, InvalidVerdict, NotYourVerdict
from reviews.models import Case
from reviews.work.claims import LEASE, require_open_to
from reviews.work.consequences import carry_out, is_granted, take_back
from reviews.work.notes import store_note
from reviews.work.transitions import (
    append_to_case,
    lock_case,
    require_claimed_by,
    require_not_held_by_others,
)
from reviews.work.verdict_rules import Verdict, check_appeal, check_contradiction, check_verdict
from scoring.catalog.registry import event_type
from scoring.intake.labels import said_by_source
from scoring.log.read import read_stream
from scoring.timestamps import to_iso


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
    escalations: bool = False,
    now: datetime,
) -> Case:
    """Close a claimed case with a verdict, and label its event from the source `review`.

    For a type with policies: those broken with their reason codes, the action and whether the author gets a
    strike. The verdict on an appeal changes the event that it is about instead. All is appended in one
    transaction; the lanes are notified after the commit. An expired lease does not matter while no one else
    has claimed the case. The note is personal: its text goes to the vault, its digest into the log.

    Raises `InvalidVerdict`, `CaseNotFound`, `CaseNotHeld`, `CaseAlreadyDecided`, `CaseAlreadyClosed`,
    `CaseEscalated`, `OwnVerdictAppealed`.
    """
    given = Verdict(verdict, reason_code, note, policies or {}, action, strike)
    with transaction.atomic():
        return close_case(lock_case(position), given, reviewer=reviewer, now=now, escalations=escalations)


def close_case(
    case: Case,
    verdict: Verdict,
    *,
    reviewer: str,
    now: datetime,
    group: str = "",
    claimed: bool = True,
    escalations: bool = False,
) -> Case:
    """`decide_case` for a locked case, in the caller's transaction.

    `group`: what verdicts given at once share. Without `claimed` the case may also be free.
    """
    if claimed:
        require_claimed_by(case, reviewer)
    else:
        require_not_held_by_others(case, reviewer, now=now)
    require_open_to(case, reviewer, escalations=escalations)
    if case.why == Case.Why.APPEAL:
        checked = check_appeal(case.event_type, verdict, against=case.outcome)
    else:
        checked = check_verdict(case.event_type, verdict)
    _check_against(case, checked)
    data = {**_verdict_data(checked, reviewer=reviewer), **({"group": group} if group else {})}
    case = append_to_case(case, "case.decided", data, reviewer=reviewer, now=now)
    carry_out(case, checked, reviewer=reviewer, now=now)
    return case


def undo_verdict(position: int, *, reviewer: str, now: datetime, may_undo_any: bool = False) -> Case:
    """Undo a verdict and what followed from it; the case is then claimed by the reviewer who undid it.

    The lane treats the retracted label like every retraction: counts and sums are corrected for the events
    that follow. Raises `CaseNotFound`, `CaseNotDecided`, `NotYourVerdict`.
    """
    with transaction.atomic():
        case = lock_case(position)
        if case.state != Case.State.DECIDED:
            raise CaseNotDecided(case.event_stream)
        if case.decided_by != reviewer and not may_undo_any:
            raise NotYourVerdict(case.event_stream, by=case.decided_by)
        take_back(case, reviewer=reviewer, now=now)
        data = {"reviewer": reviewer, "until": to_iso(now + LEASE)}
        return append_to_case(case, "case.reopened", data, reviewer=reviewer, now=now)


def _check_against(case: Case, verdict: Verdict) -> None:
    """Raises `InvalidVerdict` if what is known of the event does not allow the verdict."""
    if case.why != Case.Why.APPEAL:
        check_contradiction(verdict, said_by_source(read_stream(f"label/{case.event_stream}")))
    elif case.about is None and is_granted(case, verdict.value):
        raise InvalidVerdict(
            field="verdict",
            problem="the sender of the appeal has sent no such event, so nothing can be restored",
            allowed=event_type(case.event_type).labels.negative,
        )


def _verdict_data(verdict: Verdict, *, reviewer: str) -> dict[str, Any]:
    """The data of `case.decided`; policies and action only for types that have them."""
    data: dict[str, Any] = {
        "reviewer": reviewer,
        "verdict": verdict.value,
        "reason_code": verdict.reason_code,
        "note": store_note(verdict.note),
    }
    if verdict.policies:
        data["policies"] = dict(verdict.policies)
    if verdict.action:
        data["action"] = verdict.action
    if verdict.strike:
        data["strike"] = True
    return data
