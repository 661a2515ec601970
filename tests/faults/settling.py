"""A deployment has settled when nothing is pending and the states in Redis reflect the whole log."""

from scoring.lanes.models import Pending
from scoring.lanes.order import read_head
from scoring.signals import redis_connections as connections
from tests.integration.lanes.conftest import LANE
from tests.lane_states import is_current, read_cursor
from tests.waiting import wait_until

SETTLE_SECONDS = 180


def wait_until_settled() -> None:
    """Wait for the lane; at least one event must have arrived after the last kill of its holder.

    A holder that is killed between its commit and its write to Redis leaves the states behind the log, until
    the holder of the next event restores them.
    """
    connections.client.cache_clear()  # of a Redis that was killed
    wait_until(is_settled, seconds=SETTLE_SECONDS, seen=_seen)


def is_settled() -> bool:
    return not Pending.objects.exclude(state="history").exists() and is_current(LANE)


def _seen() -> object:
    return {
        "pending": list(Pending.objects.values("state", "error")[:5]),
        "log": read_head(LANE).cursor,
        "states": read_cursor(LANE),
    }
