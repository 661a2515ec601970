"""Domain errors of scoring. Each says what happened and carries the record it concerns.

They become HTTP responses once, in `config.errors`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


class ScoringError(Exception):
    """Base of everything scoring refuses to do."""


class PayloadConflict(ScoringError):
    """An id was submitted again with another payload; `fields` are the names in which the two differ."""

    def __init__(self, stream: str, fields: Sequence[str]) -> None:
        self.stream = stream
        self.fields = tuple(fields)
        super().__init__(
            f"{stream} was received before with another payload; these fields differ: {', '.join(self.fields)}"
        )


class EventNotFound(ScoringError):
    """No event of this stream was received."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        super().__init__(f"no event {stream} was received")


@dataclass(frozen=True, slots=True)
class RequestProblem:
    """What is wrong with one field of a request, and what would be right."""

    field: str
    problem: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.field}: {self.problem} (allowed: {self.allowed})"


class InvalidRequest(ScoringError):
    """A request that cannot be read as what the endpoint takes; `problems` say where and what is allowed instead."""

    def __init__(self, problems: Sequence[RequestProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


class InvalidKeyRequest(ScoringError):
    """An API key asked for with a source or a scope that cannot be."""

    def __init__(self, *, field: str, value: str, allowed: str) -> None:
        self.field, self.value, self.allowed = field, value, allowed
        super().__init__(f"{field} {value!r} is not possible; allowed: {allowed}")


class ApiKeyNotFound(ScoringError):
    """No API key has this prefix."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        super().__init__(f"no API key begins with {prefix!r}")


class ApiKeyAlreadyRevoked(ScoringError):
    """The API key was revoked before."""

    def __init__(self, prefix: str, revoked_at: datetime) -> None:
        self.prefix, self.revoked_at = prefix, revoked_at
        super().__init__(
            f"the API key {prefix} was revoked at {revoked_at.isoformat()}"
        )
