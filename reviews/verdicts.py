"""What a reviewer may say of a case."""

from typing import NamedTuple

from reviews.errors import InvalidVerdict
from reviews.reasons import NEEDS_NOTE, reasons_for
from scoring.catalog.registry import event_type

NOTE_KIND = "case_note"  # under which the vault keeps notes
LONGEST_NOTE = 2_000


class Verdict(NamedTuple):
    """One of the event type's labels, the code of a reason that goes with it, and a note ("" for none)."""

    value: str
    reason_code: str
    note: str = ""


def check_verdict(event_type_name: str, verdict: Verdict) -> Verdict:
    """The verdict with its note trimmed. Raises `InvalidVerdict`, which says what is allowed."""
    labels = event_type(event_type_name).labels.values
    if verdict.value not in labels:
        raise InvalidVerdict(
            field="verdict",
            problem=f"{verdict.value!r} is no label of {event_type_name}",
            allowed=", ".join(labels),
        )
    codes = [reason.code for reason in reasons_for(event_type_name, verdict.value)]
    if verdict.reason_code not in codes:
        raise InvalidVerdict(
            field="reason_code",
            problem=f"{verdict.reason_code!r} does not go with {verdict.value}",
            allowed=", ".join(codes),
        )
    return verdict._replace(note=_clean_note(verdict))


def _clean_note(verdict: Verdict) -> str:
    note = verdict.note.replace("\x00", "").strip()
    if len(note) > LONGEST_NOTE:
        raise InvalidVerdict(
            field="note", problem=f"has {len(note):,} characters", allowed=f"at most {LONGEST_NOTE:,}"
        )
    if not note and verdict.reason_code in NEEDS_NOTE:
        raise InvalidVerdict(
            field="note", problem=f"is needed with the reason {verdict.reason_code!r}", allowed="a few words"
        )
    return note
