"""One holder per lane: an advisory lock of the database session, which ends with the process that held it."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from scoring.lanes.errors import RebuildUnderWay
from scoring.lanes.takeover import take_over
from scoring.signals.heartbeat import beating
from scoring.sql.advisory_locks import LockSpace, session_lock, try_lock, unlock, wait_for_lock


@contextmanager
def held_lane(
    lane: str, *, wait: bool = False, patience: float | None = None, watch: bool = False
) -> Iterator[bool]:
    """Hold a lane for the duration of the block; yields False if another process holds it.

    `wait`: until it is free, at most `patience` seconds; waiting sessions come before those that only try.
    `watch`: watch the holder for some seconds and take over if it is frozen. While the lane is held, a thread
    sends heartbeats. The lock belongs to the database session and is lost with the connection; the version of
    the lane's stream and the cursor in Redis then refuse whatever the former holder still tries to write.
    """
    held = wait_for_lock(LockSpace.LANE, lane, timeout=patience) if wait else try_lock(LockSpace.LANE, lane)
    if not held and watch:
        held = take_over(lane)
    try:
        with beating(lane) if held else nullcontext():
            yield held
    finally:
        if held:
            unlock(LockSpace.LANE, lane)


@contextmanager
def sole_rebuild(lane: str) -> Iterator[None]:
    """Be the only process that rebuilds a lane's online states. Raises RebuildUnderWay."""
    with session_lock(LockSpace.LANE_REBUILD, lane) as held:
        if not held:
            raise RebuildUnderWay(lane)
        yield
