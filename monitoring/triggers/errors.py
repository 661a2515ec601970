"""Errors of this room. Each says what happened and carries the record it concerns."""

from collections.abc import Sequence

from scoring.errors import ScoringError, word_problems

FieldProblem = tuple[str, str, object]  # the setting, the problem, what is allowed


class TriggersInvalid(ScoringError):
    """Settings are refused. `problems`: every problem as (setting, problem, what is allowed)."""

    def __init__(self, event_type: str, problems: Sequence[FieldProblem]) -> None:
        super().__init__(f"the retraining triggers of {event_type} cannot be set: {word_problems(problems)}")
        self.event_type, self.problems = event_type, tuple(problems)


class TriggersUnchanged(ScoringError):
    """The settings are those that already hold."""

    def __init__(self, event_type: str) -> None:
        super().__init__(f"the retraining triggers of {event_type} already have these settings")
        self.event_type = event_type
