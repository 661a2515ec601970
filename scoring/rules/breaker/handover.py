"""The events that the breakers of a lane have counted, kept in Redis for the lane's next holder.

A lane changes hands every few seconds, and a source with little traffic among much may take minutes to send
as many events as are counted. What is kept holds at one cursor of the lane's states: after a holder that was
killed, or with a Redis that lost it, the next one reads back decisions instead (`read_breakers`).
"""

import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson
import redis

from scoring.rules.breaker.configuration import Key
from scoring.rules.breaker.counting import Observed
from scoring.signals import redis_connections as connections
from scoring.timestamps import from_micros, to_micros

logger = logging.getLogger(__name__)

KEPT_SECONDS = 86_400  # the longest window that limits allow
MAX_EVENTS = 20_000  # of all types and sources; a lane with more is read back


class KeptEvents(NamedTuple):
    """Events by type and source, oldest first; void for a breaker that was reset after `position`."""

    observed: Mapping[Key, Sequence[Observed]]
    position: int


def keep_events(lane: str, observed: Mapping[Key, Sequence[Observed]], *, cursor: str) -> None:
    """Keep what the holder has counted up to a cursor ("{seq}:{position}") of the lane."""
    if sum(map(len, observed.values())) > MAX_EVENTS:
        return
    rows = [
        [*key, [[to_micros(each.at), each.blocked_by] for each in events]] for key, events in observed.items()
    ]
    try:
        connections.client().set(_key(lane), orjson.dumps([cursor, rows]), ex=KEPT_SECONDS)
    except redis.RedisError as error:
        logger.warning("lane %s: what its breakers counted is not kept: %s", lane, error)


def kept_events(lane: str, *, cursor: str) -> KeptEvents | None:
    """What was kept at exactly this cursor of the lane; None for anything else."""
    try:
        found = connections.client().get(_key(lane))
    except redis.RedisError as error:
        logger.warning("lane %s: what its breakers counted is not read: %s", lane, error)
        return None
    kept_at, rows = orjson.loads(found) if isinstance(found, bytes) else ("", [])
    if kept_at != cursor:
        return None
    observed = {
        (event_type, source): [_observed(at, by) for at, by in events] for event_type, source, events in rows
    }
    return KeptEvents(observed, position=int(cursor.partition(":")[2]))


def _observed(at: int, by: list[str] | None) -> Observed:
    return Observed(from_micros(at), None if by is None else tuple(by))


def _key(lane: str) -> str:
    return f"assay:{{{lane}}}:breakers"
