"""The holder of a lane says that it is alive, from a thread of its own, whatever else it is at.

A holder that is stopped, or whose machine is paused, holds its lane's lock as long as its session lives, and
its machine may keep that open for ever. Without a heartbeat nobody could tell it from one at work.
"""

import itertools
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import redis

from scoring.signals import redis_connections as connections

logger = logging.getLogger(__name__)

BEAT_SECONDS = 0.5
# Then the holder is taken for frozen, if its session is as quiet. Far beyond a pause of the interpreter, and
# of a machine with too much to do.
KEPT_SECONDS = 2.5


@contextmanager
def beating(lane: str) -> Iterator[None]:
    """Beat for the length of the block. A Redis that cannot be had costs nothing but the beats."""
    ended, name = Event(), f"{os.getpid()}:{secrets.token_hex(4)}"
    numbers = itertools.count()
    _beat(lane, f"{name}:{next(numbers)}")

    def run() -> None:
        while not ended.wait(BEAT_SECONDS):
            _beat(lane, f"{name}:{next(numbers)}")

    thread = Thread(target=run, name=f"heartbeat-{lane}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def last_beat(lane: str) -> str | None:
    """The holder's latest beat, "process:name:number"; None if none came lately. Raises redis.RedisError."""
    beat = connections.prompt().get(_key(lane))
    return beat.decode() if isinstance(beat, bytes) else None


def _beat(lane: str, beat: str) -> None:
    try:
        connections.prompt().set(_key(lane), beat, px=int(KEPT_SECONDS * 1_000))
    except redis.RedisError as error:
        logger.debug("no heartbeat of lane %s: %s", lane, error)


def _key(lane: str) -> str:
    return f"assay:{{{lane}}}:door:holder"
