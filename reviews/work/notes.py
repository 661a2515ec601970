"""Notes of reviewers: they may name people, so their text goes to the vault and its digest into the log."""

from reviews.errors import InvalidVerdict
from scoring.catalog.parsing.card_numbers import mask_card_numbers
from scoring.log import vault

NOTE_KIND = "case_note"  # in the vault
MAX_NOTE_LENGTH = 2_000


def clean_note(note: str) -> str:
    """The note without NUL characters and outer blanks. Raises `InvalidVerdict` if it is too long."""
    cleaned = note.replace("\x00", "").strip()
    if len(cleaned) > MAX_NOTE_LENGTH:
        raise InvalidVerdict(
            field="note",
            problem=f"the note has {len(cleaned):,} characters",
            allowed=f"at most {MAX_NOTE_LENGTH:,}",
        )
    return cleaned


def store_note(note: str) -> str:
    """Store the note in the vault, card numbers masked; returns its digest, "" without a note."""
    if not note:
        return ""
    masked = mask_card_numbers(note)
    vault.store([(NOTE_KIND, masked)])
    return vault.digest_of(NOTE_KIND, masked)
