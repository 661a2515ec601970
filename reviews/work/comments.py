"""Comments on a case, with or without a verdict."""

from datetime import datetime

from django.db import transaction

from reviews.errors import InvalidVerdict
from reviews.models import Case
from reviews.work.notes import clean_note, store_note
from reviews.work.transitions import append_to_case, lock_case

COMMENTED = "case.commented"


def comment_on_case(position: int, *, reviewer: str, text: str, now: datetime) -> Case:
    """Add a comment to a case in any state, also one that another reviewer holds; nothing else changes.

    Raises `CaseNotFound`, and `InvalidVerdict` (field "note") without a text or for a longer one than a note
    may be.
    """
    cleaned = clean_note(text)
    if not cleaned:
        raise InvalidVerdict(field="note", problem="the comment is empty", allowed="a few words")
    with transaction.atomic():
        data = {"reviewer": reviewer, "note": store_note(cleaned)}
        return append_to_case(lock_case(position), COMMENTED, data, reviewer=reviewer, now=now)
