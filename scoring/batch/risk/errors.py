"""Errors of this room. Each says what happened and carries the record it concerns."""

from collections.abc import Sequence

from scoring.errors import ScoringError


class UnknownRiskView(ScoringError):
    """No event type declares this risk view."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"no risk view {name!r}; there are: {', '.join(known) or 'none'}")
        self.name, self.known = name, tuple(known)


class InvalidRiskOverride(ScoringError):
    """A field of an override is wrong; nothing was changed. `allowed`: None if the problem says it."""

    def __init__(self, field: str, problem: str, allowed: str | None) -> None:
        super().__init__(f"{field} {problem}" + (f"; it must be {allowed}" if allowed else ""))
        self.field, self.problem, self.allowed = field, problem, allowed


class NoRiskOverride(ScoringError):
    """The entity's risk is the computed one already."""

    def __init__(self, view: str, entity: str) -> None:
        super().__init__(f"no override of {view} holds for {entity!r}, so none can end")
        self.view, self.entity = view, entity
