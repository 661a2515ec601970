"""Errors of jobs. A subclass for each kind of job names it."""

from typing import ClassVar

from scoring.errors import ScoringError


class UnknownJob(ScoringError):
    """No job of this kind has this number."""

    kind: ClassVar[str] = "job"

    def __init__(self, number: object) -> None:
        super().__init__(f"there is no {self.kind} {number}")
        self.number = number


class JobNotPossible(ScoringError):
    """The job's state does not allow this step (a finished one cannot be cancelled)."""

    kind: ClassVar[str] = "job"

    def __init__(self, *, number: int, state: str, step: str) -> None:
        super().__init__(f"{self.kind} {number} is {state} and cannot be {step}")
        self.number, self.state, self.step = number, state, step


class JobCancelled(ScoringError):
    """A user cancelled this job."""

    kind: ClassVar[str] = "job"

    def __init__(self, *, number: int, actor: str) -> None:
        super().__init__(f"{self.kind} {number} was cancelled by {actor}")
        self.number, self.actor = number, actor


class TooManyJobs(ScoringError):
    """A person has as many jobs of this kind queued or running as one may have."""

    kind: ClassVar[str] = "job"

    def __init__(self, *, actor: str, allowed: int) -> None:
        super().__init__(
            f"{allowed} of your {self.kind}s are queued or running, and a person may have {allowed};"
            " wait for one to end, or cancel one"
        )
        self.actor, self.allowed = actor, allowed
