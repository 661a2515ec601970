"""A shift at a lane's door: hold the lane, work while there is work, linger, hand over."""

import logging
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import cache

from django.db import close_old_connections

from scoring.lanes import queue as pending
from scoring.lanes.lock import held_lane
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import lane_notifications as doorbell
from scoring.signals.telemetry import telemetry

logger = logging.getLogger(__name__)

LINGER_SECONDS = 1.0  # steady traffic keeps the runner at the door and pays no Celery hop
AT_DOOR_SECONDS = 0.5  # so often the runner says that it is at the door
SHIFT_SECONDS = 20.0  # then the worker's process is free for another task; the lane is rung again


class Attendance:
    """Whether this process works a lane, and whether it has been asked to stop."""

    def __init__(self) -> None:
        self.at_work = False
        self.asked_to_stop = False


attendance = Attendance()


def end_shift() -> bool:
    """Let the shift under way end after its present batch; False when there is none. For signal handlers."""
    attendance.asked_to_stop = True
    return attendance.at_work


@cache
def background_writer() -> Executor:
    """The thread of this process that writes what its lane has worked out, with a database connection."""
    return ThreadPoolExecutor(1, thread_name_prefix="lane-writer")


def work_lane(
    lane: str,
    *,
    shift: float = SHIFT_SECONDS,
    linger: float = LINGER_SECONDS,
    writer: Executor | None = None,
) -> int:
    """Process a lane until nothing comes for `linger` seconds or the shift is over; returns entries done.

    With a `writer` one batch is written by it while the next is worked out.

    Returns 0 when somebody else holds the lane, at once if that one is at the door. Whoever gives it up looks
    once more afterwards: an entry may have come whose bell was answered by a process that found the lane
    taken.
    """
    processed = 0
    with held_lane(lane, watch=not doorbell.is_attended(lane)) as held:
        if not held:
            return 0
        processed = _work(lane, shift=shift, linger=linger, writer=writer)
    if pending.has_ready(lane):
        doorbell.ring(lane, again=True)
    return processed


def _work(lane: str, *, shift: float, linger: float, writer: Executor | None) -> int:
    processed, ends = 0, time.monotonic() + shift
    if writer:
        writer.submit(close_old_connections)  # as Celery does for its own thread
    runner = LaneRunner(lane, writer=writer)
    attendance.at_work, attendance.asked_to_stop = True, False
    said_until = float("-inf")
    try:
        while (now := time.monotonic()) < ends and not attendance.asked_to_stop:
            if now > said_until:
                doorbell.stand_at_door(lane, pace=runner.pace)
                said_until = now + AT_DOOR_SECONDS
            processed += runner.step()
            if runner.exhausted and not doorbell.linger(lane, seconds=linger):
                break
    finally:
        try:
            runner.finish()
        finally:
            attendance.at_work = False
            doorbell.leave_door(lane)
            telemetry.send()
    return processed
