"""Find what notifications missed: lost ones, labels that crossed their event, decisions due for a retry."""

from datetime import datetime

from scoring.lanes import queue as pending
from scoring.signals import lane_notifications


def sweep_lanes(*, now: datetime) -> list[str]:
    """Release due entries and notify every lane that has work but no runner; returns those lanes."""
    pending.release_overtaken()
    pending.release_waiting(now=now)
    unattended = [lane for lane in pending.lanes_with_ready() if not lane_notifications.has_runner(lane)]
    for lane in unattended:
        lane_notifications.notify_lane(lane, again=True)
    return unattended
