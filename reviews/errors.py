"""What the review queue refuses to do. Each error says what happened and carries the case it concerns."""

from datetime import datetime

from scoring.errors import ScoringError
from scoring.timestamps import to_iso


class ReviewError(ScoringError):
    """Base of everything the review queue refuses."""


class CaseNotFound(ReviewError):
    """No case was opened for the event at this position."""

    def __init__(self, position: int) -> None:
        self.position = position
        super().__init__(f"there is no case for the event at position {position}")


class CaseAlreadyClaimed(ReviewError):
    """Somebody else holds the case."""

    def __init__(self, case: str, *, by: str, until: datetime) -> None:
        self.case, self.by, self.until = case, by, until
        super().__init__(f"{by} holds {case} until {to_iso(until)}; take another case")


class CaseNotHeld(ReviewError):
    """The case has to be claimed first; `by` is who holds it, "" when nobody does."""

    def __init__(self, case: str, *, by: str) -> None:
        self.case, self.by = case, by
        super().__init__(
            f"{by} holds {case} now; take another case" if by else f"you do not hold {case}; claim it first"
        )


class CaseAlreadyDecided(ReviewError):
    """The case has its verdict."""

    def __init__(self, case: str, *, verdict: str, by: str, at: datetime) -> None:
        self.case, self.verdict, self.by, self.at = case, verdict, by, at
        super().__init__(
            f"{by} decided {case} as {verdict} at {to_iso(at)}; undo that verdict to give another"
        )


class CaseAlreadyClosed(ReviewError):
    """The case was closed without a verdict."""

    def __init__(self, case: str, *, because: str) -> None:
        self.case, self.because = case, because
        super().__init__(f"{case} was closed: {because}")


class CaseNotDecided(ReviewError):
    """There is no verdict to undo."""

    def __init__(self, case: str) -> None:
        self.case = case
        super().__init__(f"{case} has no verdict that could be undone")


class NothingToClaim(ReviewError):
    """Every case is decided, closed or held by somebody."""

    def __init__(self) -> None:
        super().__init__("no case is waiting: all are decided, closed or held by others")


class NotYourVerdict(ReviewError):
    """Somebody else's verdict, which needs the permission `reviews.undo_verdict`."""

    def __init__(self, case: str, *, by: str) -> None:
        self.case, self.by = case, by
        super().__init__(f"the verdict on {case} is {by}'s; only {by} or a lead may undo it")


class InvalidVerdict(ReviewError):
    """A verdict, reason code or note that cannot be; `field` names it, `allowed` says what can be."""

    def __init__(self, *, field: str, problem: str, allowed: str) -> None:
        self.field, self.problem, self.allowed = field, problem, allowed
        super().__init__(f"{field}: {problem}; allowed: {allowed}")
