"""The worker loop: hold a lane, process it while entries come, linger, release it."""

import logging
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import cache

from django.db import close_old_connections

from scoring.lanes import queue as pending
from scoring.lanes.lock import held_lane
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import lane_notifications
from scoring.signals.telemetry import telemetry

logger = logging.getLogger(__name__)

LINGER_SECONDS = 1.0  # steady traffic keeps the runner subscribed and pays no Celery hop
RENEW_SECONDS = 0.5  # between two renewals of the subscription
MAX_RUN_SECONDS = 20.0  # then the process is free for another task; the lane is notified again


class WorkerState:
    """Whether this process works a lane, and whether it was asked to stop."""

    def __init__(self) -> None:
        self.is_working = False
        self.stop_requested = False


worker_state = WorkerState()


def request_stop() -> bool:
    """Stop the loop after its current batch; False when none is running. Safe in signal handlers."""
    worker_state.stop_requested = True
    return worker_state.is_working


@cache
def background_writer() -> Executor:
    """The thread of this process that writes decided batches, with a database connection of its own."""
    return ThreadPoolExecutor(1, thread_name_prefix="lane-writer")


def work_lane(
    lane: str,
    *,
    max_seconds: float = MAX_RUN_SECONDS,
    linger: float = LINGER_SECONDS,
    writer: Executor | None = None,
) -> int:
    """Process a lane until nothing comes for `linger` seconds, at most `max_seconds`; returns entries done.

    A `writer` writes one batch while the next is computed.

    Returns 0 when another process holds the lane, at once if that process has subscribed. After releasing the
    lane, checks once more: an entry may have arrived whose notification reached a worker that found the lane
    held.
    """
    processed = 0
    with held_lane(lane, watch=not lane_notifications.has_runner(lane)) as held:
        if not held:
            return 0
        processed = _work(lane, max_seconds=max_seconds, linger=linger, writer=writer)
    if pending.has_ready(lane):
        lane_notifications.notify_lane(lane, again=True)
    return processed


def _work(lane: str, *, max_seconds: float, linger: float, writer: Executor | None) -> int:
    processed, ends = 0, time.monotonic() + max_seconds
    if writer:
        writer.submit(close_old_connections)  # as Celery does for its own thread
    runner = LaneRunner(lane, writer=writer)
    worker_state.is_working, worker_state.stop_requested = True, False
    renew_at = float("-inf")
    try:
        while (now := time.monotonic()) < ends and not worker_state.stop_requested:
            if now > renew_at:
                lane_notifications.subscribe(lane, pace=runner.limits.pace)
                renew_at = now + RENEW_SECONDS
            processed += runner.step()
            if runner.exhausted and not lane_notifications.wait_for_notification(lane, seconds=linger):
                break
    finally:
        try:
            runner.finish()
        finally:
            worker_state.is_working = False
            lane_notifications.unsubscribe(lane)
            telemetry.send()
    return processed
