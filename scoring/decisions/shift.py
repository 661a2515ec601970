"""A shift at a lane's door: hold the lane, work while there is work, linger, hand over."""

import logging
import time

from scoring.decisions import doorbell, pending
from scoring.decisions.lane_lock import held_lane
from scoring.decisions.runner import LaneRunner

logger = logging.getLogger(__name__)

LINGER_SECONDS = 1.0  # steady traffic keeps the runner at the door and pays no Celery hop
SHIFT_SECONDS = 60.0  # then the worker's process is free for another task; the lane is rung again


def work_lane(lane: str, *, shift: float = SHIFT_SECONDS, linger: float = LINGER_SECONDS) -> int:
    """Process a lane until nothing comes for `linger` seconds or the shift is over; returns entries
    processed.

    Returns 0 at once when somebody else holds the lane. Whoever gives it up looks once more afterwards: an
    entry may have come whose bell was answered by a process that found the lane taken.
    """
    processed = 0
    with held_lane(lane) as held:
        if not held:
            return 0
        processed = _work(lane, shift=shift, linger=linger)
    if pending.has_ready(lane):
        doorbell.ring(lane)
    return processed


def _work(lane: str, *, shift: float, linger: float) -> int:
    processed, ends = 0, time.monotonic() + shift
    runner = LaneRunner(lane)
    try:
        while time.monotonic() < ends:
            doorbell.stand_at_door(lane)
            count = runner.step()
            processed += count
            if not count and not doorbell.linger(lane, seconds=linger):
                break
    finally:
        doorbell.leave_door(lane)
    return processed
