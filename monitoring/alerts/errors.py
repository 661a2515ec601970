"""Errors of this room. Each says what happened and carries the record it concerns."""

from collections.abc import Sequence
from datetime import datetime

from scoring.errors import ScoringError, word_problems

FieldProblem = tuple[str, str, object]  # the field, the problem, what is allowed


class AlertRuleInvalid(ScoringError):
    """An alert rule is refused. `problems`: every problem as (field, problem, what is allowed)."""

    def __init__(self, rule: str, problems: Sequence[FieldProblem]) -> None:
        super().__init__(f"the alert rule {rule!r} cannot be set: {word_problems(problems)}")
        self.rule, self.problems = rule, tuple(problems)


class AlertRuleUnchanged(ScoringError):
    """The alert rule already is as asked for."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"the alert rule {rule!r} already is like this")
        self.rule = rule


class UnknownAlertRule(ScoringError):
    """There is no alert rule of this name."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"there is no alert rule {rule!r}")
        self.rule = rule


class UnknownAlert(ScoringError):
    """No alert with this key ever fired."""

    def __init__(self, key: str) -> None:
        super().__init__(f"there is no alert {key!r}")
        self.key = key


class AlertNotFiring(ScoringError):
    """Only a firing alert can be acknowledged, snoozed, resolved or acted on."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the alert {key!r} does not fire any more")
        self.key = key


class NotSilenced(ScoringError):
    """There is no silence of this rule and scope to end."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key!r} is not silenced")
        self.key = key


class UntilNotAllowed(ScoringError):
    """A snooze or a silence must end later than now, and within the longest time that is allowed."""

    def __init__(self, until: datetime, latest: datetime) -> None:
        super().__init__(
            f"the end {until:%Y-%m-%d %H:%M} UTC must lie after now and before {latest:%Y-%m-%d %H:%M} UTC"
        )
        self.until, self.latest = until, latest


class UnknownAction(ScoringError):
    """No action of this name is registered."""

    def __init__(self, action: str, known: Sequence[str]) -> None:
        super().__init__(f"there is no action {action!r}; there are {', '.join(known) or 'none'}")
        self.action, self.known = action, tuple(known)


class ActionNotAllowed(ScoringError):
    """The alert's rule does not allow an action, or not now."""

    def __init__(self, key: str, action: str, why: str) -> None:
        super().__init__(f"the action {action!r} is not taken for the alert {key!r}: {why}")
        self.key, self.action, self.why = key, action, why
