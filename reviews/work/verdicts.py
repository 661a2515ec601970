"""Deciding a case, and undoing its verdict. Each also records or retracts the event's label."""

from datetime import datetime

from django.db import transaction

from reviews.errors import CaseNotDecided, NotYourVerdict
from reviews.models import Case
from reviews.work.claims import LEASE
from reviews.work.transitions import append_to_case, lock_case, require_claimed_by
from reviews.work.verdict_rules import NOTE_KIND, Verdict, check_contradiction, check_verdict
from scoring.catalog.card_numbers import mask_card_numbers
from scoring.intake.labels import LabelStatement, record_labels, said_by_source
from scoring.intake.models import Event
from scoring.log import vault
from scoring.log.read import read_stream
from scoring.timestamps import to_iso

LABEL_SOURCE = "review"


def decide_case(
    position: int, *, reviewer: str, verdict: str, reason_code: str, note: str = "", now: datetime
) -> Case:
    """Close a claimed case with a verdict, and label its event from the source `review`.

    Both are appended in one transaction; the event's lane is notified after the commit. An expired lease does
    not matter while no one else has claimed the case. The note is personal: its text goes to the vault, its
    digest into the log.

    Raises `InvalidVerdict`, `CaseNotFound`, `CaseNotHeld`, `CaseAlreadyDecided`, `CaseAlreadyClosed`.
    """
    with transaction.atomic():
        case = lock_case(position)
        require_claimed_by(case, reviewer)
        given = check_verdict(case.event_type, Verdict(verdict, reason_code, note))
        check_contradiction(given, said_by_source(read_stream(f"label/{case.event_stream}")))
        data = {
            "reviewer": reviewer,
            "verdict": given.value,
            "reason_code": given.reason_code,
            "note": _store_note(given.note),
        }
        case = append_to_case(case, "case.decided", data, reviewer=reviewer, now=now)
        _record_label(case, given.value, reviewer=reviewer, now=now)
    return case


def undo_verdict(position: int, *, reviewer: str, now: datetime, may_undo_any: bool = False) -> Case:
    """Undo a verdict and retract its label; the case is then claimed by the reviewer who undid it.

    The lane treats it like every retraction: counts and sums are corrected for the events that follow.

    Raises `CaseNotFound`, `CaseNotDecided`, `NotYourVerdict`.
    """
    with transaction.atomic():
        case = lock_case(position)
        if case.state != Case.State.DECIDED:
            raise CaseNotDecided(case.event_stream)
        if case.decided_by != reviewer and not may_undo_any:
            raise NotYourVerdict(case.event_stream, by=case.decided_by)
        data = {"reviewer": reviewer, "until": to_iso(now + LEASE)}
        case = append_to_case(case, "case.reopened", data, reviewer=reviewer, now=now)
        _record_label(case, None, reviewer=reviewer, now=now)
    return case


def _store_note(note: str) -> str:
    """Store the note in the vault, card numbers masked; returns its digest, "" without a note."""
    if not note:
        return ""
    note = mask_card_numbers(note)
    vault.store([(NOTE_KIND, note)])
    return vault.digest_of(NOTE_KIND, note)


def _record_label(case: Case, value: str | None, *, reviewer: str, now: datetime) -> None:
    """Record the label `value` of the case's event, or retract it (None)."""
    event = Event.objects.get(position=case.event_position)
    statement = LabelStatement(event.type, event.external_id, value, LABEL_SOURCE)
    [receipt] = record_labels([statement], source=event.source, now=now, actor=f"user/{reviewer}")
    if receipt.refused is not None:
        raise receipt.refused
