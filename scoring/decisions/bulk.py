"""Lists pass one at a time through a process, and while clients wait for decisions no faster than their lane.

Taking a list in costs a fraction of deciding it, so that lists sent as fast as they are taken would leave
little of the machine to those who wait. Without any, lists are taken as fast as can be.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from django.conf import settings

from scoring.decisions import backlog, doorbell
from scoring.errors import ListsInLine

WAITING_SECONDS = 2.0  # so long after the last of them clients are taken to wait still
AHEAD = 1_000  # events that a lane may have queued before lists are held to its pace
LONGEST_PAUSE = 1.0  # seconds


class Turnstile:
    """Lets one list through at a time. The others of the process stand in line, each on a thread of its."""

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
            with self._turn:
                began = time.monotonic()
                yield
                if time.monotonic() - self._waited_at < WAITING_SECONDS:
                    time.sleep(pause_after(events, seconds=time.monotonic() - began))
        finally:
            self._places.release()


def pause_after(events: Mapping[str, int], *, seconds: float) -> float:
    """How long to hold the next list back after one that took so long, for the slowest of its lanes."""
    behind = {lane: count for lane, count in events.items() if backlog.bulk_queued(lane) > AHEAD}
    paces = {lane: doorbell.pace_of(lane) for lane in behind}
    needed = max((count / paces[lane] for lane, count in behind.items() if paces[lane]), default=0.0)
    return min(max(needed - seconds, 0.0), LONGEST_PAUSE)


turnstile = Turnstile(settings.API_MOST_LISTS)
