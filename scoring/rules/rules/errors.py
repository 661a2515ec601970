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


class StageNotAllowed(ScoringError):
    """A version cannot go from its stage to the wanted one."""

    def __init__(self, *, rule: str, now: str, wanted: str, allowed: Sequence[str]) -> None:
        super().__init__(f"{rule} is {now}, so it cannot become {wanted}; allowed: {', '.join(allowed)}")
        self.rule, self.now, self.wanted, self.allowed = rule, now, wanted, tuple(allowed)


class ApprovalNeeded(ScoringError):
    """A version becomes active only after a second person approved it."""

    def __init__(self, rule: str) -> None:
        super().__init__(
            f"{rule} was never approved: request its activation, and have someone else approve it"
        )
        self.rule = rule


class OwnRule(ScoringError):
    """The author of a version, or the person who requested its activation, cannot approve it."""

    def __init__(self, *, rule: str, actor: str, part: str) -> None:
        super().__init__(f"{actor} {part} {rule}, so someone else must approve it")
        self.rule, self.actor, self.part = rule, actor, part


class ActivationAlreadyRequested(ScoringError):
    """Another version of the rule waits for approval."""

    def __init__(self, *, rule: str, requested_by: str) -> None:
        super().__init__(
            f"{requested_by} has already requested the activation of {rule}; decide on that first"
        )
        self.rule, self.requested_by = rule, requested_by


class NoActivationRequested(ScoringError):
    """No version of the rule waits for approval: someone else was first, or nobody asked."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"no activation of {rule} is requested")
        self.rule = rule


class ReasonRequired(ScoringError):
    """This change must be explained."""

    def __init__(self, change: str) -> None:
        super().__init__(f"a reason must say why {change}")
        self.change = change


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
