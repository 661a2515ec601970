"""Tell lanes that entries are pending. A lost notification costs the delay until the next sweep, never data.

Redis holds four keys for each lane: `runner` (a worker has subscribed), `bell` (the list on which it blocks),
`flag` (a Celery message is in flight) and `pace` (entries per second, as the last runner measured). Notifying
a lane that has an unread notification does nothing: the runner reads it before it claims, and the claim then
sees whatever was appended before. A lane without a runner is sent a Celery message, unless one is in flight.
"""

import logging
from collections.abc import Iterable

import redis
from celery import current_app
from kombu.exceptions import OperationalError

from scoring.signals import redis_connections as connections
from scoring.signals.breaker import Breaker

logger = logging.getLogger(__name__)

IN_FLIGHT_MS = 1_000  # a lost message suppresses further messages for at most this long
RUNNER_MS = 2_000  # a killed runner counts as subscribed for at most this long
PACE_MS = 60_000  # an older pace says nothing about now
RUN_LANE = "scoring.runner.tasks.run_lane"
MESSAGE_SECONDS = 60  # messages that pile up while no worker runs say nothing new

NOTIFY = """
if redis.call('EXISTS', KEYS[2]) == 1 then
    if redis.call('LLEN', KEYS[3]) == 0 then redis.call('LPUSH', KEYS[3], '1') end
    return 'notified'
end
if redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) == false and ARGV[2] == '0' then
    return 'in flight'
end
return 'send'
"""


def notify_lanes(names: Iterable[str]) -> str:
    """Notify each lane; returns "" or the cause, for the failure policy, why one could not be notified.

    Never raises: the sweep finds what was appended.
    """
    for lane in sorted(names):
        if cause := notify_lane(lane):
            return cause
    return ""


def notify_lane(lane: str, *, again: bool = False) -> str:
    """Notify one lane; returns "" or why it could not be notified.

    `again`: send a message even while one is in flight, which may have reached a worker that found the lane
    held.
    """
    try:
        answer = connections.prompt().eval(NOTIFY, 3, *_keys(lane), IN_FLIGHT_MS, int(again))
    except redis.RedisError as error:
        logger.warning("lane %s was not notified: %s", lane, error)
        return "online_store_unavailable"
    return send_task(lane) if answer == b"send" else ""


def send_task(lane: str) -> str:
    """Send the task that runs the lane; returns "" or why it could not be sent."""
    cause = _send(lane)
    if cause:
        _clear_in_flight(lane)
    return cause


def _send(lane: str) -> str:
    if breaker.is_open:
        return "broker_unavailable"
    try:
        current_app.send_task(RUN_LANE, args=(lane,), retry=False, expires=MESSAGE_SECONDS)
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("the task of lane %s was not sent: %s", lane, error)
        breaker.trip()
        return "broker_unavailable"
    return ""


def _probe_broker() -> None:
    with current_app.connection_for_write() as broker:
        broker.default_channel.close()  # opening it asks the server


breaker = Breaker("the broker", _probe_broker)


def subscribe(lane: str, *, pace: float) -> None:
    """Register this process as the lane's runner with its pace, if known; discard earlier notifications.

    Call it before a claim, and again before RUNNER_MS have passed.
    """
    in_flight, runner, notified = _keys(lane)
    with connections.client().pipeline(transaction=False) as pipe:
        pipe.set(runner, "1", px=RUNNER_MS)
        pipe.delete(in_flight, notified)
        if pace:
            pipe.set(_pace_key(lane), f"{pace:.1f}", px=PACE_MS)
        pipe.execute()


def unsubscribe(lane: str) -> None:
    """The runner leaves the lane; notifications from now on are Celery messages."""
    in_flight, runner, notified = _keys(lane)
    connections.client().delete(in_flight, runner, notified)


def wait_for_notification(lane: str, *, seconds: float) -> bool:
    """Block until the lane is notified; False when the time is up first."""
    _, _, notified = _keys(lane)
    seconds = min(seconds, connections.MAX_BLOCK_SECONDS)
    return connections.blocking().blpop([notified], timeout=seconds) is not None


def has_runner(lane: str) -> bool:
    """Whether a worker has subscribed to the lane."""
    return bool(connections.client().exists(_keys(lane)[1]))


def pace_of(lane: str) -> float:
    """Entries per second at which the lane was processed lately; 0 when unknown."""
    try:
        return float(connections.prompt().get(_pace_key(lane)) or 0.0)
    except redis.RedisError as error:
        logger.warning("the pace of lane %s could not be read: %s", lane, error)
        return 0.0


def _clear_in_flight(lane: str) -> None:
    try:
        connections.prompt().delete(_keys(lane)[0])
    except redis.RedisError as error:
        logger.warning("the in-flight flag of lane %s was not cleared: %s", lane, error)


def _keys(lane: str) -> tuple[str, str, str]:
    # The names date from the first release: during an upgrade, processes of both releases notify each other.
    prefix = f"assay:{{{lane}}}:door"
    return f"{prefix}:flag", f"{prefix}:runner", f"{prefix}:bell"


def _pace_key(lane: str) -> str:
    return f"assay:{{{lane}}}:door:pace"
