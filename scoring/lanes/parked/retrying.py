"""Gives parked entries back to their lanes, with a reason in the log."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from scoring.lanes import queue
from scoring.lanes.errors import ReasonMissing
from scoring.lanes.models import Pending
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import last_version
from scoring.log.retry import append_retrying
from scoring.signals import lane_notifications

MAX_REASON_LENGTH = 500  # characters


def retry_parked(positions: Sequence[int], *, reason: str, actor: str, now: datetime) -> list[int]:
    """Return the parked entries among `positions` to their lanes and notify these; returns their positions.

    Each lane gets one `parked.retried` with the positions and the reason. Raises ReasonMissing.
    """
    reason = reason.strip()
    if not 0 < len(reason) <= MAX_REASON_LENGTH:
        raise ReasonMissing(MAX_REASON_LENGTH)
    with transaction.atomic():
        parked = Pending.objects.select_for_update().filter(
            position__in=positions, state=Pending.State.PARKED
        )
        by_lane: dict[str, list[int]] = {}
        for row in parked.order_by("position"):
            by_lane.setdefault(row.lane, []).append(row.position)
        for lane, retried in sorted(by_lane.items()):
            _record(lane, retried, reason=reason, actor=actor, now=now)
        found = [position for retried in by_lane.values() for position in retried]
        queue.unpark(found)
    lane_notifications.notify_lanes(by_lane)
    return found


def _record(lane: str, positions: Sequence[int], *, reason: str, actor: str, now: datetime) -> None:
    stream = f"parked/{lane}"
    data = {"lane": lane, "positions": list(positions), "reason": reason}

    def step() -> None:
        version = last_version(stream)
        append([NewEntry(stream, version, "parked.retried", data, metadata={"actor": actor})], now=now)

    append_retrying(step)
