"""Errors of settings by event type. A subclass for each kind of settings names it."""

from collections.abc import Sequence
from typing import ClassVar

from scoring.errors import ScoringError, word_problems

FieldProblem = tuple[str, str, object]  # the setting, the problem, what is allowed


class SettingsInvalid(ScoringError):
    """Settings are refused. `problems`: every problem as (setting, problem, what is allowed)."""

    kind: ClassVar[str] = "settings"

    def __init__(self, event_type: str, problems: Sequence[FieldProblem]) -> None:
        super().__init__(f"the {self.kind} of {event_type} cannot be set: {word_problems(problems)}")
        self.event_type, self.problems = event_type, tuple(problems)


class SettingsUnchanged(ScoringError):
    """The settings are those that already hold."""

    kind: ClassVar[str] = "settings"

    def __init__(self, event_type: str) -> None:
        super().__init__(f"the {self.kind} of {event_type} already have these settings")
        self.event_type = event_type
