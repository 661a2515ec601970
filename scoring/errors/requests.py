"""What is refused over HTTP: requests, events and labels that are asked for, API keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from scoring.errors.base import ScoringError, word_problems
from scoring.timestamps import to_iso


class RequestProblem(NamedTuple):
    """What is wrong with one field of a request, and what would be right."""

    field: str
    problem: str
    allowed: object = None


class InvalidRequest(ScoringError):
    """A request that is not what the endpoint takes; `problems` say where and what is allowed instead."""

    def __init__(self, problems: Sequence[RequestProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(word_problems(self.problems))


class MalformedJson(ScoringError):
    """A request body that is not JSON; `line` and `column` count from 1, `position` (characters) from 0."""

    def __init__(self, *, problem: str, line: int, column: int, position: int) -> None:
        self.line, self.column, self.position = line, column, position
        super().__init__(f"{problem} at line {line}, column {column}")


class RequestTooLarge(ScoringError):
    """A request body of more bytes than are taken at once; `size` is None where not all of it was read."""

    def __init__(self, *, size: int | None, limit: int) -> None:
        self.size, self.limit = size, limit
        said = f"more than {limit}" if size is None else f"{size}"
        super().__init__(f"the body has {said} bytes; at most {limit} are taken in one request")


class UnsupportedEncoding(ScoringError):
    """A body whose `header` names an encoding, compression or charset, that is not read."""

    def __init__(self, *, header: str, value: str, allowed: Sequence[str]) -> None:
        self.header, self.allowed = header, tuple(allowed)
        super().__init__(f"{header} {value[:60]!r} is not read; send {' or '.join(allowed)}")


class MalformedEncoding(ScoringError):
    """A body that is not compressed as its Content-Encoding says."""

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        super().__init__(f"the body is not {encoding}, as the header Content-Encoding says")


class MissingScope(ScoringError):
    """The API key may not do this; `scope` is what it would need."""

    def __init__(self, *, scope: str, held: Sequence[str]) -> None:
        self.scope, self.held = scope, tuple(held)
        super().__init__(f"this needs the scope {scope}; the key has {', '.join(self.held) or 'none'}")


class PayloadConflict(ScoringError):
    """An id was submitted again with another payload; `fields` are the names in which the two differ."""

    def __init__(self, stream: str, fields: Sequence[str]) -> None:
        self.stream = stream
        self.fields = tuple(fields)
        super().__init__(
            f"{stream} was received before with another payload; these fields differ:"
            f" {', '.join(self.fields)}. Send a correction to change the event"
        )


class StorageTimedOut(ScoringError):
    """The database did not take what a request brought in the time that the request has."""

    def __init__(self) -> None:
        super().__init__("the database did not answer in time")


class EventNotFound(ScoringError):
    """No event of this stream was received."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        super().__init__(f"no event {stream} was received")


class EventAlreadyRetracted(ScoringError):
    """The event was taken back before, and can be neither corrected nor retracted any more."""

    def __init__(self, stream: str, *, reason: str, at: datetime) -> None:
        self.stream, self.reason, self.at = stream, reason, at
        super().__init__(
            f"{stream} was retracted at {to_iso(at)} ({reason}); submit it under a new id if it happened"
        )


class EventVersionConflict(ScoringError):
    """A correction of a version that is no longer, or never was, the event's present one."""

    def __init__(self, stream: str, *, given: int, found: int) -> None:
        self.stream, self.given, self.found = stream, given, found
        super().__init__(
            f"{stream} is at version {found}, and the correction is of version {given};"
            " read the event and send the correction for its present version"
        )


class EventStillHistory(ScoringError):
    """The event belongs to a history whose events have no place in their lane's order yet."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        super().__init__(
            f"{stream} is part of a history that is still being loaded; send this again once it is"
        )


class LabelNotFound(ScoringError):
    """A retraction of a label that this source never recorded."""

    def __init__(self, event_stream: str, label_source: str) -> None:
        super().__init__(f"{label_source} has recorded no label of {event_stream}")
        self.event_stream = event_stream
        self.label_source = label_source


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
        super().__init__(f"the API key {prefix} was revoked at {to_iso(revoked_at)}")
