"""Errors of this room. Each says what happened and carries the record it concerns."""

from collections.abc import Sequence

from scoring.errors import ScoringError, word_problems

FieldProblem = tuple[str, str, object]  # the field, the problem, what is allowed


class UnknownRule(ScoringError):
    """The event type has no rule of this name."""

    def __init__(self, *, event_type: str, name: str, known: Sequence[str]) -> None:
        names = ", ".join(known) or "none yet"
        super().__init__(f"{event_type} has no rule {name!r}; its rules: {names}")
        self.event_type, self.name, self.known = event_type, name, tuple(known)


class UnknownRuleVersion(ScoringError):
    """The rule has no version of this number."""

    def __init__(self, *, event_type: str, name: str, number: int, newest: int) -> None:
        super().__init__(f"rule {name} of {event_type} has no version {number}; its newest is {newest}")
        self.event_type, self.name, self.number, self.newest = event_type, name, number, newest


class InvalidRule(ScoringError):
    """A draft is refused. `problems`: every problem as (field, problem, what is allowed)."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        super().__init__(word_problems(problems))
        self.problems = tuple(problems)


class RuleUnchanged(ScoringError):
    """The draft equals the version that it is based on."""

    def __init__(self, *, name: str, number: int) -> None:
        super().__init__(f"nothing differs from version {number} of {name}")
        self.name, self.number = name, number


class RuleChangedMeanwhile(ScoringError):
    """Someone else drafted a newer version."""

    def __init__(self, *, name: str, based_on: int, newest: int) -> None:
        super().__init__(
            f"version {newest} of {name} was drafted meanwhile; you started from version {based_on}."
            " Compare the two, then draft again"
        )
        self.name, self.based_on, self.newest = name, based_on, newest


class InvalidSuppression(ScoringError):
    """A suppression is refused. `problems` as for InvalidRule."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        super().__init__(word_problems(problems))
        self.problems = tuple(problems)


class NotSuppressed(ScoringError):
    """The rule is not suppressed for this entity."""

    def __init__(self, *, name: str, field: str) -> None:
        super().__init__(f"{name} is not suppressed for this {field}")
        self.name, self.field = name, field
