"""Counts of events that senders submit and the log does not have, by hour: refused ones and repeated ones.

Counted in each process, summed up in Redis in a hash for each hour. Like other telemetry, the counts of the
last second may be lost with a server, and are never added twice. Only names that the catalog has are counted,
so the number of series is bounded: by senders, fields and kinds.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from threading import Lock
from typing import NamedTuple, cast

import redis

from scoring.signals import redis_connections as connections

logger = logging.getLogger(__name__)

KEY = "assay:submissions:{hour:%Y-%m-%dT%H}"
SEPARATOR = "\x1f"
SEND_SECONDS = 1.0
KEPT_SECONDS = 3 * 86_400


class Submitted(NamedTuple):
    """What is counted: a `kind` of problem with a field, "" for the event as a whole.

    `event_type` is "" if the sender named none that exists.
    """

    event_type: str
    source: str
    field: str
    kind: str


class SubmissionCounts:
    """Counts of this process that Redis does not have yet."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._counts: Counter[tuple[datetime, Submitted]] = Counter()
        self._lock = Lock()
        self._clock = clock
        self._send_at = 0.0

    def add(self, found: Iterable[Submitted], *, now: datetime) -> None:
        """Count what was found in one request; sends the counts if that is due."""
        counted = tuple(found)
        if counted:
            hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
            with self._lock:
                for each in counted:
                    self._counts[hour, each] += 1
        if self._counts and self._clock() > self._send_at:
            self.send()

    def send(self) -> None:
        """Add the counts to those of all processes."""
        with self._lock:
            gathered, self._counts = self._counts, Counter()
            self._send_at = self._clock() + SEND_SECONDS
        if not gathered:
            return
        try:
            with connections.prompt().pipeline(transaction=False) as pipe:
                for (hour, each), count in gathered.items():
                    pipe.hincrby(KEY.format(hour=hour), SEPARATOR.join(each), count)
                for hour in sorted({hour for hour, _ in gathered}):
                    pipe.expire(KEY.format(hour=hour), KEPT_SECONDS)
                pipe.execute()
        except redis.RedisError as error:
            logger.warning("counts of refused and repeated events of the last second are lost: %s", error)


submission_counts = SubmissionCounts()


def read_submissions(hour: datetime) -> dict[Submitted, int]:
    """The counts of all processes for an hour, UTC. Raises redis.RedisError."""
    submission_counts.send()
    stored = cast("dict[bytes, bytes]", connections.client().hgetall(KEY.format(hour=hour)))
    return {Submitted(*name.decode().split(SEPARATOR)): int(count) for name, count in stored.items()}
