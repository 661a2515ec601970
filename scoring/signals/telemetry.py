"""Counters for /metrics: counted in each process, summed up in Redis.

A process sends its counts about once a second and forgets them before it knows whether they arrived: a count
may be lost with a server, but is never added twice. A Redis that lost everything looks to Prometheus like a
restart. Some series are also counted by the minute, for figures of the last minutes.
"""

import logging
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Literal, cast

import redis

from scoring.signals import redis_connections as connections
from scoring.signals import spans

logger = logging.getLogger(__name__)

Stage = Literal[
    "validate",  # a request's events parsed
    "external",  # their external signals fetched
    "append",  # their receipts, rows and queue entries written
    "notify",  # their lanes notified
    "wait",  # a client waited for its answers
    "claim",  # a batch read from the queue with all its data
    "sequence",  # states read, features computed
    "decide",  # predicted, explained, reasons composed
    "predict",  # part of that: margins, scores and exact contributions, computed in one pass
    "rules",  # another part: lists looked up, rules evaluated
    "persist",  # decisions and rows written, entries dequeued
    "states",  # new states written to Redis
    "wake",  # answers sent to waiting clients
]

KEY = "assay:telemetry"
SEPARATOR = "\x1f"
BY_MINUTE = frozenset({"bucket", "seconds", "events", "problem"})  # series whose last hour is asked for
MINUTES_KEPT = 65
SEND_SECONDS = 1.0
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)  # seconds
_NAMES = tuple(map(str, range(len(BUCKETS) + 1)))

Series = tuple[str, ...]


class Telemetry:
    """Counts by series: a name and the values of its labels."""

    def __init__(self) -> None:
        self._counts: dict[Series, float] = defaultdict(float)
        self._lock = Lock()
        self._send_at = 0.0

    def add(self, *series: str, count: float = 1) -> None:
        """Add `count` to a series; sends the counts if that is due."""
        with self._lock:
            self._counts[series] += count
        self._send_if_due()

    def observe(self, stage: str, seconds: float, *, events: int) -> None:
        """Count one run of a stage that handled this many events."""
        with self._lock:
            self._counts["bucket", stage, _NAMES[bisect_left(BUCKETS, seconds)]] += 1
            self._counts["seconds", stage] += seconds
            self._counts["events", stage] += events
        self._send_if_due()

    def observe_answer(self, signal: str, seconds: float) -> None:
        """Count an answer of the service of an external signal."""
        with self._lock:
            self._counts["answer_bucket", signal, _NAMES[bisect_left(BUCKETS, seconds)]] += 1
            self._counts["answer_seconds", signal] += seconds
        self._send_if_due()

    @contextmanager
    def stage(self, name: Stage, *, events: int) -> Iterator[None]:
        """Observe the block, unless it raises."""
        began = time.perf_counter()
        with spans.span(name, events=events):
            yield
        self.observe(name, time.perf_counter() - began, events=events)

    def _send_if_due(self) -> None:
        if time.monotonic() > self._send_at:
            self.send()

    def send(self) -> None:
        """Add the counts to those of all processes."""
        with self._lock:
            gathered, self._counts = self._counts, defaultdict(float)
            self._send_at = time.monotonic() + SEND_SECONDS
        if not gathered:
            return
        minute = _minute_key(time.time())
        try:
            with connections.prompt().pipeline(transaction=False) as pipe:
                for series, count in gathered.items():
                    pipe.hincrbyfloat(KEY, SEPARATOR.join(series), count)
                    if series[0] in BY_MINUTE:
                        pipe.hincrbyfloat(minute, SEPARATOR.join(series), count)
                pipe.expire(minute, 60 * MINUTES_KEPT)
                pipe.execute()
        except redis.RedisError as error:
            logger.warning("metrics of the last second are lost: %s", error)


telemetry = Telemetry()


def read_counts() -> dict[Series, float]:
    """The counts of all processes, including the latest of this one. Raises redis.RedisError."""
    telemetry.send()
    return _parsed(cast("dict[bytes, bytes]", connections.prompt().hgetall(KEY)))


def read_recent(minutes: int, *, now: float) -> dict[Series, float]:
    """The counts of the series BY_MINUTE over the last full minutes and the current one, of all processes.

    `minutes`: at most 60. `now`: seconds since 1970. Raises redis.RedisError.
    """
    telemetry.send()
    with connections.prompt().pipeline(transaction=False) as pipe:
        for ago in range(minutes + 1):
            pipe.hgetall(_minute_key(now - 60 * ago))
        stored = cast("list[dict[bytes, bytes]]", pipe.execute())
    total: dict[Series, float] = defaultdict(float)
    for each in stored:
        for series, count in _parsed(each).items():
            total[series] += count
    return dict(total)


def _parsed(stored: dict[bytes, bytes]) -> dict[Series, float]:
    return {tuple(name.decode().split(SEPARATOR)): float(count) for name, count in stored.items()}


def _minute_key(at: float) -> str:
    return f"{KEY}:{int(at // 60)}"
