"""Finds what bells missed: lost doorbells, labels that crossed their event, decisions to be made again."""

from datetime import datetime

from scoring.lanes import queue as pending
from scoring.signals import lane_notifications as doorbell


def sweep_lanes(*, now: datetime) -> list[str]:
    """Release what is due and ring every lane with work that nobody attends to; returns those lanes."""
    pending.release_overtaken()
    pending.release_waiting(now=now)
    unattended = [lane for lane in pending.lanes_with_ready() if not doorbell.is_attended(lane)]
    for lane in unattended:
        doorbell.ring(lane, again=True)
    return unattended
