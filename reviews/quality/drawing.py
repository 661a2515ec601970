"""Which verdicts get a second review, and which claims a golden item: by salted hashes, so repeatable."""

import hashlib

SECOND_SALT = "reviews/second/1"
GOLDEN_SALT = "reviews/golden/1"


def gets_second_review(event_stream: str, *, share: float) -> bool:
    """Whether the first verdict on an event is reviewed again."""
    return _uniform(SECOND_SALT, event_stream) < share


def gets_golden_item(reviewer: str, event_stream: str, *, answered: int, share: float) -> bool:
    """Whether a reviewer gets a golden item instead of the case of this event.

    `answered`: how many they have answered, so that after one the next draw is another.
    """
    return _uniform(GOLDEN_SALT, f"{reviewer}\x1f{event_stream}\x1f{answered}") < share


def _uniform(salt: str, text: str) -> float:
    """A number in [0, 1)."""
    digest = hashlib.sha256(f"{salt}\x1f{text}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64
