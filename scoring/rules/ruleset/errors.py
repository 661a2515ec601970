"""Errors of the life cycle that rules and policies share. `version` says which version, in words."""

from collections.abc import Sequence

from scoring.errors import ScoringError


class StageNotAllowed(ScoringError):
    """A version cannot go from its stage to the wanted one."""

    def __init__(self, *, version: str, now: str, wanted: str, allowed: Sequence[str]) -> None:
        super().__init__(f"{version} is {now}, so it cannot become {wanted}; allowed: {', '.join(allowed)}")
        self.version, self.now, self.wanted, self.allowed = version, now, wanted, tuple(allowed)


class ApprovalNeeded(ScoringError):
    """A version becomes active only after a second person approved it."""

    def __init__(self, version: str) -> None:
        super().__init__(
            f"{version} was never approved: request its activation, and have someone else approve it"
        )
        self.version = version


class OwnVersion(ScoringError):
    """The author of a version, or the person who requested its activation, cannot approve it."""

    def __init__(self, *, version: str, actor: str, part: str) -> None:
        super().__init__(f"{actor} {part} {version}, so someone else must approve it")
        self.version, self.actor, self.part = version, actor, part


class ActivationAlreadyRequested(ScoringError):
    """A version waits for approval, so no other one can."""

    def __init__(self, *, version: str, requested_by: str) -> None:
        super().__init__(
            f"{requested_by} has already requested the activation of {version}; decide on that first"
        )
        self.version, self.requested_by = version, requested_by


class NoActivationRequested(ScoringError):
    """The version does not wait for approval: someone else was first, or nobody asked."""

    def __init__(self, version: str) -> None:
        super().__init__(f"no activation of {version} is requested")
        self.version = version


class ReasonRequired(ScoringError):
    """This change must be explained."""

    def __init__(self, change: str) -> None:
        super().__init__(f"a reason must say why {change}")
        self.change = change
