"""Bells between the API and the lanes. They only save time: losing one costs a sweep's delay, never data.

Per lane `runner` (somebody is at the door), `bell` (what he waits for), `flag` (a message is outstanding) and
`pace` (entries a second as the last runner worked them). A ring while the bell lies there does nothing: the
runner takes it before a claim, which then sees whatever was appended before the ring. Without a runner at the
door the ring is a Celery message, and nothing more while the flag stands.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson
import redis
from celery import current_app
from kombu.exceptions import OperationalError

from scoring.signals import redis_connections as connections
from scoring.signals import reply_channels as mailboxes
from scoring.signals.breaker import Breaker
from scoring.signals.reply_channels import Answer

logger = logging.getLogger(__name__)

FLAG_MS = 1_000  # a lost message keeps the lane deaf no longer than this
RUNNER_MS = 2_000  # a killed runner is believed to be at the door no longer than this
PACE_MS = 60_000  # what is known of a lane's pace says nothing of a minute later
ANSWER_SECONDS = 30  # answers for a process that is no more
RUN_LANE = "scoring.decisions.tasks.run_lane"
MESSAGE_SECONDS = 60  # messages piled up while no worker ran say nothing new

RING = """
if redis.call('EXISTS', KEYS[2]) == 1 then
    if redis.call('LLEN', KEYS[3]) == 0 then redis.call('LPUSH', KEYS[3], '1') end
    return 'bell'
end
if redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) == false and ARGV[2] == '0' then
    return 'outstanding'
end
return 'publish'
"""


@dataclass(frozen=True, slots=True)
class Rung:
    """`cause` says why no lane could be rung ("" when all were): a name the failure policy records."""

    cause: str = ""


def ring_lanes(names: Iterable[str]) -> Rung:
    """Tell each lane that entries are pending. Never raises: what was appended is found by the sweep."""
    for lane in sorted(names):
        cause = ring(lane)
        if cause:
            return Rung(cause)
    return Rung()


def ring(lane: str, *, again: bool = False) -> str:
    """Ring one lane; "" or the cause that kept the bell from ringing.

    `again`: though its flag stands, for its message may have found the lane taken.
    """
    try:
        answer = connections.prompt().eval(RING, 3, *_keys(lane), FLAG_MS, int(again))
    except redis.RedisError as error:
        logger.warning("lane %s not rung: %s", lane, error)
        return "online_store_unavailable"
    return publish(lane) if answer == b"publish" else ""


def publish(lane: str) -> str:
    """Send the lane's task; "" or the cause that kept it from being sent."""
    cause = _send(lane)
    if cause:
        _clear_flag(lane)
    return cause


def _send(lane: str) -> str:
    if breaker.is_open:
        return "broker_unavailable"
    try:
        current_app.send_task(RUN_LANE, args=(lane,), retry=False, expires=MESSAGE_SECONDS)
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("task of lane %s not sent: %s", lane, error)
        breaker.trip()
        return "broker_unavailable"
    return ""


def _probe_broker() -> None:
    with current_app.connection_for_write() as broker:
        broker.default_channel.close()  # it asks the server when it is opened


breaker = Breaker("the broker", _probe_broker)


def stand_at_door(lane: str, *, pace: float) -> None:
    """The runner says it is there, and its pace if known, and takes what was rung, before it claims.

    To be said again before RUNNER_MS have passed.
    """
    flag, runner, bell = _keys(lane)
    with connections.client().pipeline(transaction=False) as pipe:
        pipe.set(runner, "1", px=RUNNER_MS)
        pipe.delete(flag, bell)
        if pace:
            pipe.set(_pace_key(lane), f"{pace:.1f}", px=PACE_MS)
        pipe.execute()


def pace_of(lane: str) -> float:
    """Entries a second at which the lane was worked lately; 0 when that is not known."""
    try:
        return float(connections.prompt().get(_pace_key(lane)) or 0.0)
    except redis.RedisError as error:
        logger.warning("pace of lane %s not read: %s", lane, error)
        return 0.0


def linger(lane: str, *, seconds: float) -> bool:
    """Wait for the bell; True when it rang."""
    _, _, bell = _keys(lane)
    seconds = min(seconds, connections.MAX_BLOCK_SECONDS)
    return connections.blocking().blpop([bell], timeout=seconds) is not None


def leave_door(lane: str) -> None:
    """The runner goes; bells from now on are Celery messages."""
    flag, runner, bell = _keys(lane)
    connections.client().delete(flag, runner, bell)


def is_attended(lane: str) -> bool:
    """Whether a runner is at the door."""
    return bool(connections.client().exists(_keys(lane)[1]))


def wake(answers: Mapping[str, Sequence[Answer]]) -> None:
    """Hand decided answers to the clients that wait for them, by wake token: a message for each process."""
    messages: dict[str, dict[str, Sequence[Answer]]] = defaultdict(dict)
    for token, decided in answers.items():
        messages[mailboxes.queue_of(token)][token] = decided
    with connections.client().pipeline(transaction=False) as pipe:
        for queue, message in messages.items():
            pipe.rpush(queue, orjson.dumps(message))
            pipe.expire(queue, ANSWER_SECONDS)
        pipe.execute()


def _clear_flag(lane: str) -> None:
    try:
        connections.prompt().delete(_keys(lane)[0])
    except redis.RedisError as error:
        logger.warning("flag of lane %s not cleared: %s", lane, error)


def _keys(lane: str) -> tuple[str, str, str]:
    prefix = f"assay:{{{lane}}}:door"
    return f"{prefix}:flag", f"{prefix}:runner", f"{prefix}:bell"


def _pace_key(lane: str) -> str:
    return f"assay:{{{lane}}}:door:pace"
