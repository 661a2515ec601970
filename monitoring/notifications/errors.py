"""Errors of notifications."""

from collections.abc import Sequence

from scoring.errors import ScoringError


class NotificationSettingsInvalid(ScoringError):
    """Settings that are not allowed. `problems`: (field, what is wrong and what is allowed)."""

    def __init__(self, owner: str, problems: Sequence[tuple[str, str]]) -> None:
        self.owner, self.problems = owner, list(problems)
        super().__init__("; ".join(f"{field}: {problem}" for field, problem in problems))


class NotificationSettingsUnchanged(ScoringError):
    """The settings hold already."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        super().__init__(f"the notification settings of {owner} are those already")


class UnknownOwner(ScoringError):
    """There is no such user or group."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        super().__init__(f"there is no owner {owner!r}; an owner is user/<name> or group/<name>")
