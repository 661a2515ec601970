"""How much a lane has queued: refused is what it could not work off soon, bulk first.

The bound is a soft one. A count is believed for a second, with what this process has let in since; other
processes let in as much meanwhile.
"""

import math
import time
from collections.abc import Mapping

from django.conf import settings

from scoring.intake.errors import LaneBehind
from scoring.lanes import queue as pending
from scoring.signals import lane_notifications
from scoring.signals.telemetry import telemetry

BELIEVED_SECONDS = 1.0
SHORTEST_WAIT, USUAL_WAIT, LONGEST_WAIT = 1, 5, 60  # seconds until a refused sender is asked to come again

_counted: dict[tuple[str, int], tuple[float, int]] = {}


def take_room(events: Mapping[str, int], *, priority: int) -> None:
    """Let so many events of each lane in; raises LaneBehind when one of the lanes has too many already.

    A lane that has room takes the whole request, however long: no request is too long for an empty lane.
    """
    most = settings.API_MOST_WAITING if priority == pending.URGENT else settings.API_MOST_QUEUED
    now = time.monotonic()
    queued = {lane: _queued(lane, priority, most=most, now=now) for lane in events}
    for lane, count in queued.items():
        if count >= most:
            telemetry.add("refused", lane, "waiting" if priority == pending.URGENT else "bulk")
            wait = seconds_until_room(count, most=most, pace=lane_notifications.pace_of(lane))
            raise LaneBehind(lane=lane, queued=count, limit=most, wait=wait)
    for lane, count in events.items():
        until, before = _counted[lane, priority]
        _counted[lane, priority] = until, before + count


def give_back(events: Mapping[str, int], *, priority: int) -> None:
    """What was let in has not been queued after all."""
    for lane, count in events.items():
        until, before = _counted[lane, priority]
        _counted[lane, priority] = until, before - count


def bulk_queued(lane: str) -> int:
    """How much bulk the lane has queued, to a second."""
    return _queued(lane, pending.NORMAL, most=settings.API_MOST_QUEUED, now=time.monotonic())


def seconds_until_room(queued: int, *, most: int, pace: float) -> int:
    """When half of the room will be free again, at `pace` entries a second (0: not known).

    >>> seconds_until_room(20_000, most=20_000, pace=1_000.0)
    10
    >>> seconds_until_room(20_000, most=20_000, pace=0.0)
    5
    """
    if not pace:
        return USUAL_WAIT
    return min(max(math.ceil((queued - most / 2) / pace), SHORTEST_WAIT), LONGEST_WAIT)


def _queued(lane: str, priority: int, *, most: int, now: float) -> int:
    until, count = _counted.get((lane, priority), (float("-inf"), 0))
    if now < until:
        return count
    # Beyond the bound too, for how much is queued says how long a sender has to wait.
    count = pending.count_ready(lane, priority=priority, most=2 * most)
    _counted[lane, priority] = now + BELIEVED_SECONDS, count
    return count
