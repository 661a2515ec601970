"""Escalating a case: it leaves the queue and waits for people who may decide escalated cases."""

from datetime import datetime

from django.db import transaction

from reviews.errors import InvalidVerdict
from reviews.models import Case
from reviews.work.notes import clean_note, store_note
from reviews.work.transitions import append_to_case, lock_case, require_claimed_by


def escalate_case(position: int, *, reviewer: str, note: str, now: datetime) -> Case:
    """Hand a claimed case over, with a note that says what the reviewer cannot decide.

    Raises `InvalidVerdict` without a note, `CaseNotFound`, `CaseNotHeld`, `CaseAlreadyDecided`,
    `CaseAlreadyClosed`.
    """
    with transaction.atomic():
        case = lock_case(position)
        require_claimed_by(case, reviewer)
        cleaned = clean_note(note)
        if not cleaned:
            raise InvalidVerdict(
                field="note",
                problem="an escalation needs a note that says what is to be decided",
                allowed="a few words",
            )
        data = {"reviewer": reviewer, "note": store_note(cleaned)}
        return append_to_case(case, "case.escalated", data, reviewer=reviewer, now=now)
