"""Errors of this room. Each says what happened and carries the record it concerns."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from scoring.errors import ScoringError, word_problems
from scoring.timestamps import to_iso


class TooManyLabelSources(ScoringError):
    """The event already has labels from as many sources as allowed."""

    def __init__(self, event_stream: str, limit: int) -> None:
        self.event_stream, self.limit = event_stream, limit
        super().__init__(
            f"{limit} sources have labeled {event_stream}, the maximum for one event; retract one first"
        )


class LabelChangedTooOften(ScoringError):
    """The labels of the event were changed as often as allowed; only reviewers may change them now."""

    def __init__(self, event_stream: str, limit: int) -> None:
        self.event_stream, self.limit = event_stream, limit
        super().__init__(
            f"the labels of {event_stream} were changed {limit:,} times, the maximum for one event;"
            " reviewers can still label it in the review queue"
        )


class LaneBehind(ScoringError):
    """The queue of a lane is full. `wait`: seconds until it will have room."""

    def __init__(self, *, lane: str, queued: int, limit: int, wait: int) -> None:
        super().__init__(
            f"lane {lane} has {queued:,} events queued and accepts more below {limit:,}; send this again in"
            f" {wait} s"
        )
        self.lane, self.queued, self.limit, self.wait = lane, queued, limit, wait


class TooManyLists(ScoringError):
    """The process receives as many lists as it may while it serves clients with single events."""

    wait = 1  # seconds

    def __init__(self) -> None:
        super().__init__(f"too many lists are being received at once; send this one again in {self.wait} s")


class RequestProblem(NamedTuple):
    """What is wrong with one field of a request, and what is allowed."""

    field: str
    problem: str
    allowed: object = None


class InvalidRequest(ScoringError):
    """A request that the endpoint does not accept; `problems` name the fields and what is allowed."""

    def __init__(self, problems: Sequence[RequestProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(word_problems(self.problems))


class PayloadConflict(ScoringError):
    """An id was submitted again with another payload; `fields` are the names of those that differ."""

    def __init__(self, stream: str, fields: Sequence[str]) -> None:
        self.stream = stream
        self.fields = tuple(fields)
        super().__init__(
            f"{stream} was received before with another payload; these fields differ:"
            f" {', '.join(self.fields)}. Send a correction to change the event"
        )


class StorageTimedOut(ScoringError):
    """The database did not answer before the deadline of the request."""

    def __init__(self) -> None:
        super().__init__("the database did not answer in time")


class EventNotFound(ScoringError):
    """No event of this stream was received."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        super().__init__(f"no event {stream} was received")


class EventAlreadyRetracted(ScoringError):
    """The event was retracted before and can be neither corrected nor retracted again."""

    def __init__(self, stream: str, *, reason: str, at: datetime) -> None:
        self.stream, self.reason, self.at = stream, reason, at
        super().__init__(
            f"{stream} was retracted at {to_iso(at)} ({reason}); submit it under a new id if it happened"
        )


class EventVersionConflict(ScoringError):
    """A correction of a version that is not the event's current one."""

    def __init__(self, stream: str, *, given: int, found: int) -> None:
        self.stream, self.given, self.found = stream, given, found
        super().__init__(
            f"{stream} is at version {found}, but the correction is for version {given};"
            " read the event and send the correction for its current version"
        )


class EventStillHistory(ScoringError):
    """The event belongs to history that was not given its place in the lane's order yet."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        super().__init__(
            f"{stream} is part of a history that is still loading; send this again when it is loaded"
        )


class LabelNotFound(ScoringError):
    """A retraction of a label that this source never recorded."""

    def __init__(self, event_stream: str, label_source: str) -> None:
        super().__init__(f"{label_source} has recorded no label of {event_stream}")
        self.event_stream = event_stream
        self.label_source = label_source
