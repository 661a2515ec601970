"""Errors of the catalog. Each carries the record that it concerns."""

from scoring.errors import ScoringError, word_problems

MAX_NAME_SHOWN = 100  # a sender's names may have any length


class UnknownEventType(ScoringError):
    """No event type of this name is declared. Carries the `name` and the `known` names."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"unknown event type {name[:MAX_NAME_SHOWN]!r}; known: {', '.join(known)}")
        self.name = name
        self.known = known


class EventTypeNotScored(ScoringError):
    """No model is trained for this event type. Carries its `name` and the `scored` types."""

    def __init__(self, name: str, scored: tuple[str, ...]) -> None:
        super().__init__(
            f"event type {name!r} is not scored, so no model is trained for it; scored: {', '.join(scored)}"
        )
        self.name = name
        self.scored = scored


class UnknownLane(ScoringError):
    """No event type is in this lane. Carries the `lane` and the `known` lanes."""

    def __init__(self, lane: str, known: tuple[str, ...]) -> None:
        super().__init__(f"unknown lane {lane!r}; known: {', '.join(known)}")
        self.lane = lane
        self.known = known


class FieldError(ScoringError):
    """A raw value is invalid for its field. Carries the `problem` and, where it helps, what is `allowed`."""

    def __init__(self, problem: str, allowed: object = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.allowed = allowed


class InvalidEvent(ScoringError):
    """A payload is not valid for its event type. `problems` lists (field, problem, allowed)."""

    def __init__(self, event_type: str, problems: list[tuple[str, str, object]]) -> None:
        super().__init__(f"invalid {event_type}: {word_problems(problems)}")
        self.event_type = event_type
        self.problems = problems
