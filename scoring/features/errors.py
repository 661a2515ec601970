"""Errors of features. Each carries the state that it concerns."""

from scoring.errors import ScoringError


class StateLayoutMismatch(ScoringError):
    """A stored entity state has a different layout. Carries the state's `key` and both sizes in bytes."""

    def __init__(self, key: str, *, expected: int, found: int) -> None:
        super().__init__(f"state {key!r} has {found} bytes where the layout has {expected}")
        self.key = key
        self.expected = expected
        self.found = found


class StateNotLoaded(ScoringError):
    """An item needs an entity state that is not in the arena. Carries the state's `key`."""

    def __init__(self, key: str) -> None:
        super().__init__(f"state {key!r} was not loaded into the arena")
        self.key = key
