"""Errors of this room. Each says what happened and carries the record it concerns."""

from collections.abc import Sequence

from scoring.errors import ScoringError

Problem = tuple[str, str]  # a setting, and what is wrong with it


class BreakerInvalid(ScoringError):
    """Settings of a breaker that are not allowed. `problems`: each setting with what is wrong."""

    def __init__(self, event_type: str, problems: Sequence[Problem]) -> None:
        self.event_type, self.problems = event_type, tuple(problems)
        told = "; ".join(f"{name} {problem}" for name, problem in problems)
        super().__init__(f"these breaker settings of {event_type} are not possible: {told}")
