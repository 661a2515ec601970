"""Admission control: how many events a lane accepts, and how fast a process receives bulk requests.

The queue of a lane is bounded, bulk first. Receiving a bulk request costs a fraction of deciding it; received
as fast as possible, bulk requests would leave little of the machine to waiting clients. While clients wait,
each web process therefore receives bulk no faster than the lanes decide it.
"""

import logging
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from django.conf import settings
from django.db import Error as DatabaseError

from scoring import deadlines
from scoring.intake.errors import LaneBehind, TooManyLists
from scoring.lanes import queue as pending
from scoring.signals import lane_notifications
from scoring.signals.telemetry import telemetry

logger = logging.getLogger(__name__)

INTERACTIVE_WINDOW_SECONDS = 1.0  # after a client that waits for its decision, the next one is expected
# A web process sees only its own clients, a lane's runner those of all processes: twice the window.
PROCESS_WINDOW_SECONDS = 2 * INTERACTIVE_WINDOW_SECONDS
MAX_LEAD = 1_000  # events that a lane may have queued before bulk is slowed to its pace
MAX_PAUSE_SECONDS = 1.0
COUNT_SECONDS = 1.0  # for which a count of the queue is reused, plus what this process has admitted since
MIN_RETRY, DEFAULT_RETRY, MAX_RETRY = 1, 5, 60  # seconds until a refused sender should retry

_counted: dict[tuple[str, int], tuple[float, int]] = {}


def admit(events: Mapping[str, int], *, priority: int) -> None:
    """Admit a number of events for each lane; raises LaneBehind when one of the lanes is full.

    A lane with room admits the whole request: no request is too long for an empty lane. The bound is soft,
    since a count is reused for a second, during which other processes admit events too.
    """
    limit = settings.API_MAX_WAITING if priority == pending.URGENT else settings.API_MAX_QUEUED
    now = time.monotonic()
    queued = {lane: _queued(lane, priority, limit=limit, now=now) for lane in events}
    for lane, count in queued.items():
        if count >= limit:
            telemetry.add("refused", lane, "waiting" if priority == pending.URGENT else "bulk")
            wait = seconds_until_room(count, limit=limit, pace=lane_notifications.pace_of(lane))
            raise LaneBehind(lane=lane, queued=count, limit=limit, wait=wait)
    for lane, count in events.items():
        until, before = _counted[lane, priority]
        _counted[lane, priority] = until, before + count


def cancel(events: Mapping[str, int], *, priority: int) -> None:
    """Undo an admission whose events were not queued."""
    for lane, count in events.items():
        until, before = _counted[lane, priority]
        _counted[lane, priority] = until, before - count


def bulk_queued(lane: str) -> int:
    """How many bulk events the lane has queued, at most a second ago."""
    return _queued(lane, pending.NORMAL, limit=settings.API_MAX_QUEUED, now=time.monotonic())


def seconds_until_room(queued: int, *, limit: int, pace: float) -> int:
    """When half of the room will be free again, at `pace` entries a second (0: unknown).

    >>> seconds_until_room(20_000, limit=20_000, pace=1_000.0)
    10
    >>> seconds_until_room(20_000, limit=20_000, pace=0.0)
    5
    """
    if not pace:
        return DEFAULT_RETRY
    return min(max(math.ceil((queued - limit / 2) / pace), MIN_RETRY), MAX_RETRY)


def pause_after(events: Mapping[str, int], *, seconds: float) -> float:
    """How long to delay the next bulk request after one that took `seconds`, for the slowest of its lanes."""
    behind = {lane: count for lane, count in events.items() if bulk_queued(lane) > MAX_LEAD}
    paces = {lane: lane_notifications.pace_of(lane) for lane in behind}
    needed = max((count / paces[lane] for lane, count in behind.items() if paces[lane]), default=0.0)
    return min(max(needed - seconds, 0.0), MAX_PAUSE_SECONDS)


class BulkAdmission:
    """Lets a process receive one bulk request at a time; up to `places` threads receive or wait."""

    def __init__(self, places: int) -> None:
        self._places, self._receiving = BoundedSemaphore(places), Lock()
        self._interactive_at = float("-inf")

    def mark_interactive(self) -> None:
        """Note that a client waits for its decision."""
        self._interactive_at = time.monotonic()

    @contextmanager
    def admit_bulk(self, events: Mapping[str, int]) -> Iterator[None]:
        """Receive a number of events for each lane inside the block. Raises TooManyLists."""
        if not self._places.acquire(blocking=False):
            raise TooManyLists
        try:
            with self._one_at_a_time():
                began = time.monotonic()
                yield
                self._pause(events, seconds=time.monotonic() - began)
        finally:
            self._places.release()

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        left = deadlines.seconds_left()
        if not self._receiving.acquire(timeout=-1 if left is None else left):
            raise TooManyLists
        try:
            yield
        finally:
            self._receiving.release()

    def _pause(self, events: Mapping[str, int], *, seconds: float) -> None:
        if time.monotonic() - self._interactive_at > PROCESS_WINDOW_SECONDS:
            return
        try:
            time.sleep(pause_after(events, seconds=seconds))
        except DatabaseError as error:  # the events are in the log: their sender gets its answer
            logger.warning("bulk requests could not be slowed down: %s", error)


def _queued(lane: str, priority: int, *, limit: int, now: float) -> int:
    until, count = _counted.get((lane, priority), (float("-inf"), 0))
    if now < until:
        return count
    # Counts beyond the limit too: by how much decides when the sender should retry.
    count = pending.count_ready(lane, priority=priority, limit=2 * limit)
    _counted[lane, priority] = now + COUNT_SECONDS, count
    return count


bulk_admission = BulkAdmission(settings.API_MAX_LISTS)
