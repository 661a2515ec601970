"""Errors of this room. Each says what happened and carries the record it concerns."""

from collections.abc import Sequence

from scoring.errors import ScoringError, word_problems

FieldProblem = tuple[str, str, object]  # the criterion, the problem, what is allowed


class GateInvalid(ScoringError):
    """Criteria are refused. `problems`: every problem as (criterion, problem, what is allowed)."""

    def __init__(self, event_type: str, problems: Sequence[FieldProblem]) -> None:
        super().__init__(f"the gate of {event_type} cannot be set: {word_problems(problems)}")
        self.event_type, self.problems = event_type, tuple(problems)


class GateUnchanged(ScoringError):
    """The criteria are those that already hold."""

    def __init__(self, event_type: str) -> None:
        super().__init__(f"the gate of {event_type} already has these criteria")
        self.event_type = event_type


class GateChangeRequested(ScoringError):
    """Another change of the gate must be approved or rejected first."""

    def __init__(self, event_type: str, *, by: str) -> None:
        super().__init__(
            f"a change of the gate of {event_type} was requested by {by}; it must be judged first"
        )
        self.event_type, self.by = event_type, by


class NoGateChange(ScoringError):
    """There is no requested change to judge: it was judged meanwhile, or never requested."""

    def __init__(self, event_type: str) -> None:
        super().__init__(f"no change of the gate of {event_type} is requested")
        self.event_type = event_type


class OtherGateChange(ScoringError):
    """The requested change is not the one that the person saw."""

    def __init__(self, event_type: str) -> None:
        super().__init__(
            f"the gate of {event_type} was changed, or another change requested, since the page was loaded;"
            " look at it again"
        )
        self.event_type = event_type


class OwnGateChange(ScoringError):
    """The person who requested a change may not approve it."""

    def __init__(self, event_type: str, *, actor: str) -> None:
        super().__init__(
            f"{actor} requested this change of the gate of {event_type}: someone else must approve it"
        )
        self.event_type, self.actor = event_type, actor
