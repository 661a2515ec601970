"""What a reviewer may say of a case."""

from collections.abc import Mapping
from typing import NamedTuple

from reviews.errors import InvalidVerdict
from reviews.work.reason_codes import NEEDS_NOTE, reasons_for
from scoring.catalog.registry import event_type
from scoring.intake.label_sources import PEOPLE

NOTE_KIND = "case_note"  # under which the vault keeps notes
LONGEST_NOTE = 2_000


class Verdict(NamedTuple):
    """One of the event type's labels, the code of a reason that goes with it, and a note ("" for none)."""

    value: str
    reason_code: str
    note: str = ""


def others_said(standing: Mapping[str, str]) -> dict[str, str]:
    """What sources other than reviewers say of an event, by source."""
    return {source: label for source, label in standing.items() if source != PEOPLE}


def check_contradiction(verdict: Verdict, standing: Mapping[str, str]) -> None:
    """A verdict may say otherwise than a chargeback, but not without a word. Raises `InvalidVerdict`."""
    against = {source: label for source, label in others_said(standing).items() if label != verdict.value}
    if against and not verdict.note.strip():
        said = ", ".join(f"{source} says {label}" for source, label in against.items())
        raise InvalidVerdict(
            field="note",
            problem=f"{said}, and this verdict contradicts it: note why",
            allowed="a few words",
        )


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
            field="note",
            problem=f"the note has {len(note):,} characters",
            allowed=f"at most {LONGEST_NOTE:,}",
        )
    if not note and verdict.reason_code in NEEDS_NOTE:
        raise InvalidVerdict(
            field="note", problem="this reason needs a note: say what you found", allowed="a few words"
        )
    return note
