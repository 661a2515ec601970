"""Errors of the review queue. Each message says what happened and what to do."""

from datetime import datetime, timedelta

from scoring.errors import ScoringError
from scoring.timestamps import to_iso


class ReviewError(ScoringError):
    """Base class of the review queue's errors."""


class CaseNotFound(ReviewError):
    """The event at this position has no case."""

    def __init__(self, position: int) -> None:
        self.position = position
        super().__init__(f"there is no case for the event at position {position}")


class CaseAlreadyClaimed(ReviewError):
    """Another reviewer's lease on the case is still running."""

    def __init__(self, case: str, *, by: str, until: datetime) -> None:
        self.case, self.by, self.until = case, by, until
        super().__init__(f"{by} has claimed {case} until {to_iso(until)}; take another case")


class CaseNotHeld(ReviewError):
    """The reviewer has not claimed the case; `by` is the reviewer who has, "" for none."""

    def __init__(self, case: str, *, by: str) -> None:
        self.case, self.by = case, by
        super().__init__(
            f"{by} has claimed {case} in the meantime; take another case"
            if by
            else f"you have not claimed {case}; claim it first"
        )


class CaseAlreadyDecided(ReviewError):
    """The case has its verdict."""

    def __init__(self, case: str, *, verdict: str, by: str, at: datetime) -> None:
        self.case, self.verdict, self.by, self.at = case, verdict, by, at
        super().__init__(f"{by} decided {case} as {verdict} at {to_iso(at)}; undo that verdict to change it")


class CaseAlreadyClosed(ReviewError):
    """The case was closed without a verdict."""

    def __init__(self, case: str, *, because: str) -> None:
        self.case, self.because = case, because
        super().__init__(f"{case} was closed: {because}; take another case")


class NotAutomatic(ReviewError):
    """Software has not decided the event, or it was retracted: a verdict on another one cannot decide it."""

    def __init__(self, event_stream: str, *, is_retracted: bool) -> None:
        self.event_stream, self.is_retracted = event_stream, is_retracted
        why = "was retracted" if is_retracted else "has no decision that a verdict could change"
        super().__init__(f"the event {why}; leave it out")


class CaseNotDecided(ReviewError):
    """The case has no verdict to undo."""

    def __init__(self, case: str) -> None:
        self.case = case
        super().__init__(f"{case} has no verdict to undo")


class CaseEscalated(ReviewError):
    """The case waits for people who may decide escalated cases."""

    def __init__(self, case: str, *, by: str) -> None:
        self.case, self.by = case, by
        super().__init__(
            f"{by} escalated {case}; it takes the permission to decide escalated cases, so take another case"
        )


class OwnVerdictAppealed(ReviewError):
    """The appeal is against the reviewer's own verdict."""

    def __init__(self, case: str) -> None:
        self.case = case
        super().__init__(f"{case} is an appeal against your own verdict; another reviewer must decide it")


class BreakDue(ReviewError):
    """The reviewer has worked long enough; the next case waits until `until`."""

    def __init__(self, *, worked: timedelta, until: datetime) -> None:
        self.worked, self.until = worked, until
        minutes = round(worked / timedelta(minutes=1))
        super().__init__(
            f"you have reviewed for {minutes} minutes without a break; the next case is yours from"
            f" {until:%H:%M} UTC on"
        )


class ViewingLimitReached(ReviewError):
    """The reviewer has opened as many sensitive cases as an hour allows; `until` is when the next may be."""

    def __init__(self, *, limit: int, until: datetime) -> None:
        self.limit, self.until = limit, until
        cases = "1 sensitive case" if limit == 1 else f"{limit} sensitive cases"
        super().__init__(
            f"you have opened {cases} within the last hour, the limit for your group; the next one is"
            f" possible from {until:%H:%M} UTC on"
        )


class NothingToClaim(ReviewError):
    """Every case is decided, closed or claimed by others."""

    def __init__(self) -> None:
        super().__init__("there are no cases to claim: all are decided, closed or claimed by others")


class NotYourVerdict(ReviewError):
    """Undoing another reviewer's verdict needs the permission `reviews.undo_verdict`."""

    def __init__(self, case: str, *, by: str) -> None:
        self.case, self.by = case, by
        super().__init__(f"the verdict on {case} is {by}'s; only {by} or a lead can undo it")


class InvalidVerdict(ReviewError):
    """An invalid verdict, reason code or note: `field` names it, `allowed` says what is accepted."""

    def __init__(self, *, field: str, problem: str, allowed: str) -> None:
        self.field, self.problem, self.allowed = field, problem, allowed
        super().__init__(f"{field}: {problem}; allowed: {allowed}")


class NoStatement(ReviewError):
    """Nothing restricts the event, so there are no reasons to state.

    `held`: it is held until its media are processed, which is no restriction for what it says.
    """

    def __init__(self, event_stream: str, *, held: bool = False) -> None:
        self.event_stream = event_stream
        self.held = held
        super().__init__(
            f"{event_stream} is held until its media are processed, so there is no statement of reasons yet"
            if held
            else f"nothing restricts {event_stream}, so there is no statement of reasons"
        )


class SubjectUnknown(ReviewError):
    """No event names this entity."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(f"no event names this {kind}; enter the complete value as it was sent")


class InvalidErasure(ReviewError):
    """The reason for an erasure is missing or too long."""

    def __init__(self, length: int, allowed: int) -> None:
        super().__init__(
            f"the reason has {length} characters; enter 1 to {allowed}, such as the number of the request"
        )
