"""Lists pass one at a time through a process, and while clients wait for decisions no faster than their lane.

Taking a list in costs a fraction of deciding it, so that lists sent as fast as they are taken would leave
little of the machine to those who wait. Without any, lists are taken as fast as can be.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from django.conf import settings
from django.db import Error as DatabaseError

from scoring import deadlines
from scoring.intake import backlog
from scoring.intake.errors import ListsInLine
from scoring.signals import lane_notifications

logger = logging.getLogger(__name__)

SOMEBODY_WAITS_SECONDS = 2.0  # so long after one of them the next is expected
AHEAD = 1_000  # events that a lane may have queued before lists are held to its pace
LONGEST_PAUSE = 1.0  # seconds


class Turnstile:
    """Lets one list through at a time. The others stand in line, each on a thread of the process."""

    def __init__(self, places: int) -> None:
        self._places, self._turn = BoundedSemaphore(places), Lock()
        self._waited_at = float("-inf")

    def note_waiting(self) -> None:
        """A client waits for its decision."""
        self._waited_at = time.monotonic()

    @contextmanager
    def turn(self, events: Mapping[str, int]) -> Iterator[None]:
        """Take a list of so many events of each lane in inside the block. Raises ListsInLine."""
        if not self._places.acquire(blocking=False):
            raise ListsInLine
        try:
            with self._in_time():
                began = time.monotonic()
                yield
                self._pause(events, seconds=time.monotonic() - began)
        finally:
            self._places.release()

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        left = deadlines.seconds_left()
        if not self._turn.acquire(timeout=-1 if left is None else left):
            raise ListsInLine
        try:
            yield
        finally:
            self._turn.release()

    def _pause(self, events: Mapping[str, int], *, seconds: float) -> None:
        if time.monotonic() - self._waited_at > SOMEBODY_WAITS_SECONDS:
            return
        try:
            time.sleep(pause_after(events, seconds=seconds))
        except DatabaseError as error:  # the list is in the log: its sender is to hear that
            logger.warning("lists are not held back: %s", error)


def pause_after(events: Mapping[str, int], *, seconds: float) -> float:
    """How long to hold the next list back after one that took so long, for the slowest of its lanes."""
    behind = {lane: count for lane, count in events.items() if backlog.bulk_queued(lane) > AHEAD}
    paces = {lane: lane_notifications.pace_of(lane) for lane in behind}
    needed = max((count / paces[lane] for lane, count in behind.items() if paces[lane]), default=0.0)
    return min(max(needed - seconds, 0.0), LONGEST_PAUSE)


turnstile = Turnstile(settings.API_MOST_LISTS)
