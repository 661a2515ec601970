"""Errors of appeals. Each says what happened and what to do."""

from datetime import datetime

from reviews.errors import ReviewError
from scoring.timestamps import to_iso


class AppealLinkInvalid(ReviewError):
    """The link was not made by this installation, or is incomplete."""

    def __init__(self) -> None:
        super().__init__("this link is incomplete or not valid; open it exactly as you received it")


class AppealLinkExpired(ReviewError):
    """The time in which the link could be used is over."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        super().__init__(f"this link expired at {to_iso(at)}; ask its sender for another one")


class NotAppealable(ReviewError):
    """Decisions on this type of events cannot be appealed."""

    def __init__(self, event_type: str, allowed: tuple[str, ...]) -> None:
        self.event_type, self.allowed = event_type, allowed
        named = ", ".join(allowed) or "none"
        super().__init__(f"decisions on {event_type} cannot be appealed; event types with appeals: {named}")


class NothingToAppeal(ReviewError):
    """The event has no decision yet."""

    def __init__(self, event_stream: str) -> None:
        self.event_stream = event_stream
        super().__init__("there is no decision on this event yet; try again later")


class TooManyAppeals(ReviewError):
    """There are as many appeals against the decision on the event as are accepted."""

    def __init__(self, event_stream: str, limit: int) -> None:
        self.event_stream, self.limit = event_stream, limit
        super().__init__(f"there are {limit} appeals against this decision, the most that are accepted")


class AppealRefused(ReviewError):
    """An appeal lacks something. `field`, `problem` and `allowed` say what."""

    def __init__(self, *, field: str, problem: str, allowed: str) -> None:
        self.field, self.problem, self.allowed = field, problem, allowed
        super().__init__(f"{field}: {problem}; allowed: {allowed}")


class TooManyTries(ReviewError):
    """The address has sent too many requests about appeals within a minute."""

    def __init__(self, *, wait: int) -> None:
        self.wait = wait
        super().__init__(f"too many requests from your address; try again in {wait} seconds")
