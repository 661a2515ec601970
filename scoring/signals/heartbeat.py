"""Heartbeats of lane holders, sent from a separate thread.

A stopped holder, or one on a paused machine, keeps the lane's lock as long as its session is open, possibly
forever. Only a missing heartbeat tells it from a working one.
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
# After that the holder counts as frozen if its session is as quiet. Far longer than a pause of the
# interpreter or of an overloaded machine.
KEPT_SECONDS = 2.5


@contextmanager
def beating(lane: str) -> Iterator[None]:
    """Send heartbeats for the duration of the block. Without Redis there are none; nothing else changes."""
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
    """The latest heartbeat, "process:name:number", or None without a recent one. Raises redis.RedisError."""
    beat = connections.prompt().get(_key(lane))
    return beat.decode() if isinstance(beat, bytes) else None


def _beat(lane: str, beat: str) -> None:
    try:
        connections.prompt().set(_key(lane), beat, px=int(KEPT_SECONDS * 1_000))
    except redis.RedisError as error:
        logger.debug("no heartbeat of lane %s: %s", lane, error)


def _key(lane: str) -> str:
    return f"assay:{{{lane}}}:door:holder"
