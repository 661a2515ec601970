"""Errors of images, videos and their hashes."""

from scoring.errors import ScoringError


class InvalidHash(ScoringError):
    """A text that is no PDQ hash."""

    def __init__(self, text: str) -> None:
        shown = text if len(text) <= 80 else f"{text[:80]}..."
        super().__init__(f"{shown!r} is not a PDQ hash; allowed are 64 hexadecimal digits.")


class InvalidDistance(ScoringError):
    """A Hamming distance that two hashes cannot have."""

    def __init__(self, distance: int, most: int) -> None:
        super().__init__(f"{distance} is not a distance of two hashes; allowed are 0 to {most}.")


class RepeatedHashId(ScoringError):
    """An id of an index that would name two hashes."""

    def __init__(self, number: int) -> None:
        super().__init__(f"The id {number} names two hashes; each hash of an index has an id of its own.")


class UnknownHashId(ScoringError):
    """An id that an index does not have, so that nothing can be removed."""

    def __init__(self, number: int) -> None:
        super().__init__(f"The index has no hash with the id {number}.")
