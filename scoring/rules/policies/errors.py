"""Errors of this room. Each says what happened and carries the record it concerns."""

from collections.abc import Sequence

from scoring.errors import ScoringError, word_problems

FieldProblem = tuple[str, str, object]  # the field, the problem, what is allowed


class InvalidPolicy(ScoringError):
    """A draft is refused. `problems`: every problem as (field, problem, what is allowed)."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        super().__init__(word_problems(problems))
        self.problems = tuple(problems)


class UnknownPolicy(ScoringError):
    """The event type has no policy of this number. `newest` is 0 if it has none at all."""

    def __init__(self, *, event_type: str, number: int, newest: int) -> None:
        known = f"its newest is version {newest}" if newest else "none was drafted yet"
        super().__init__(f"the {event_type} policy has no version {number}; {known}")
        self.event_type, self.number, self.newest = event_type, number, newest


class PolicyUnchanged(ScoringError):
    """The draft equals the version that it is based on."""

    def __init__(self, *, event_type: str, number: int) -> None:
        super().__init__(f"nothing differs from version {number} of the {event_type} policy")
        self.event_type, self.number = event_type, number


class PolicyChangedMeanwhile(ScoringError):
    """Someone else drafted a newer version."""

    def __init__(self, *, event_type: str, based_on: int, newest: int) -> None:
        start = f"from version {based_on}" if based_on else "when there was none"
        super().__init__(
            f"version {newest} of the {event_type} policy was drafted meanwhile; you started {start}."
            " Compare the two, then draft again"
        )
        self.event_type, self.based_on, self.newest = event_type, based_on, newest
