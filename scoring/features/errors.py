"""Errors of this room. Each says what happened and carries the record it concerns."""

from scoring.errors import ScoringError


class StateLayoutMismatch(ScoringError):
    """A stored entity state has another layout. Carries the state's `key` and both sizes in bytes."""

    def __init__(self, key: str, *, expected: int, found: int) -> None:
        super().__init__(f"state {key!r} has {found} bytes where the layout has {expected}")
        self.key = key
        self.expected = expected
        self.found = found


class StateNotLoaded(ScoringError):
    """An item needs the state of an entity that the arena was not given. Carries the state's `key`."""

    def __init__(self, key: str) -> None:
        super().__init__(f"state {key!r} was not loaded into the arena")
        self.key = key
