"""Errors of bulk actions. Each says what happened and what to do."""

from datetime import datetime

from reviews.investigation.errors import InvestigationError
from scoring.jobs.errors import JobCancelled, JobNotPossible, TooManyJobs, UnknownJob


class TooMuchFound(InvestigationError):
    """The query finds more than one action may change. `what`: "events" or "values"."""

    def __init__(self, *, found: int, what: str, limit: int) -> None:
        self.found, self.limit = found, limit
        super().__init__(
            f"the query finds {found:,} {what}, and one action changes at most {limit:,}; choose a shorter"
            " period, or add a condition"
        )


class InvalidBulkTerms(InvestigationError):
    """What is to be done is not possible. `field`: the form's; `allowed`: what is."""

    def __init__(self, field: str, problem: str, allowed: str) -> None:
        self.field = field
        super().__init__(f"{field}: {problem}; allowed: {allowed}")


class PreviewExpired(InvestigationError):
    def __init__(self, *, minutes: int) -> None:
        super().__init__(
            f"the preview is not valid: it is older than {minutes} minutes, or of another user; preview again"
        )


class NotUndoable(InvestigationError):
    """The action cannot be undone (any more)."""

    def __init__(self, number: int, because: str) -> None:
        self.number = number
        self.because = because
        super().__init__(f"bulk action {number} cannot be undone: {because}")


class UndoingTooLate(NotUndoable):
    def __init__(self, number: int, *, until: datetime) -> None:
        super().__init__(number, f"that was possible until {until:%Y-%m-%d %H:%M} UTC; undo single ones")


class UnknownBulkAction(UnknownJob):
    """No bulk action has this number."""

    kind = "bulk action"


class BulkActionNotPossible(JobNotPossible):
    """The action's state does not allow this step."""

    kind = "bulk action"


class BulkActionCancelled(JobCancelled):
    """A user cancelled this bulk action; what it had done by then stays, until it is undone."""

    kind = "bulk action"


class TooManyBulkActions(TooManyJobs):
    """A person has as many bulk actions queued or running as one may have."""

    kind = "bulk action"
