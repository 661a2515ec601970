"""Validates a verdict: a label of the event type, a matching reason code, a note where required."""

from collections.abc import Mapping
from typing import NamedTuple

from reviews.errors import InvalidVerdict
from reviews.work.reason_codes import NEEDS_NOTE, reasons_for
from scoring.catalog.registry import event_type
from scoring.intake.label_sources import PEOPLE

NOTE_KIND = "case_note"  # in the vault
MAX_NOTE_LENGTH = 2_000


class Verdict(NamedTuple):
    """A label of the event type, a reason code that supports it, and a note ("" for none)."""

    value: str
    reason_code: str
    note: str = ""


def labels_from_others(standing: Mapping[str, str]) -> dict[str, str]:
    """The current label of an event from each source other than reviewers."""
    return {source: label for source, label in standing.items() if source != PEOPLE}


def check_contradiction(verdict: Verdict, standing: Mapping[str, str]) -> None:
    """A verdict that contradicts another source needs a note. Raises `InvalidVerdict`."""
    against = {
        source: label for source, label in labels_from_others(standing).items() if label != verdict.value
    }
    if against and not verdict.note.strip():
        said = ", ".join(f"{source} says {label}" for source, label in against.items())
        raise InvalidVerdict(
            field="note",
            problem=f"{said}, which contradicts this verdict; explain the difference in the note",
            allowed="a few words",
        )


def check_verdict(event_type_name: str, verdict: Verdict) -> Verdict:
    """The verdict with its note trimmed. Raises `InvalidVerdict`."""
    labels = event_type(event_type_name).labels.values
    if verdict.value not in labels:
        raise InvalidVerdict(
            field="verdict",
            problem=f"{verdict.value!r} is not a label of {event_type_name}",
            allowed=", ".join(labels),
        )
    codes = [reason.code for reason in reasons_for(event_type_name, verdict.value)]
    if verdict.reason_code not in codes:
        raise InvalidVerdict(
            field="reason_code",
            problem=f"{verdict.reason_code!r} does not support {verdict.value}",
            allowed=", ".join(codes),
        )
    return verdict._replace(note=_clean_note(verdict))


def _clean_note(verdict: Verdict) -> str:
    note = verdict.note.replace("\x00", "").strip()
    if len(note) > MAX_NOTE_LENGTH:
        raise InvalidVerdict(
            field="note",
            problem=f"the note has {len(note):,} characters",
            allowed=f"at most {MAX_NOTE_LENGTH:,}",
        )
    if not note and verdict.reason_code in NEEDS_NOTE:
        raise InvalidVerdict(
            field="note", problem="this reason needs a note that says what you found", allowed="a few words"
        )
    return note
