"""Status reports of processes, in a hash in Redis, for health checks and the overview.

Ages follow the clock of Redis. The clocks of the processes may differ, which is one of the things reported.
"""

import logging
from collections.abc import Iterable
from typing import NamedTuple, cast

import redis

from scoring.signals import redis_connections as connections

logger = logging.getLogger(__name__)

KEY = "assay:reports"
KEPT_SECONDS = 86_400  # after its last report a process is forgotten
ALIVE_SECONDS = 10.0  # without a report for longer than this a process is gone; each reports every 2 s

FAILING_SECONDS = 60.0  # a failing service is asked again, and reported again, at least every 30 s

WORKER, CLOCK, MODELS, SWEEP = "worker", "clock", "models", "sweep"
SERVICE = "service"  # of an external signal; the text says how it fails, "" once it answers again

REPORT = """
local now = redis.call('TIME')[1]
redis.call('HSET', KEYS[1], ARGV[1], now .. ' ' .. ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
"""


class Report(NamedTuple):
    """`about`: the subject; `by`: the reporting process; `age`: seconds since the report."""

    about: str
    by: str
    age: float
    text: str

    @property
    def is_fresh(self) -> bool:
        return self.age <= ALIVE_SECONDS


def report(about: str, by: str, text: str = "") -> None:
    """Replace the report of a process on a subject. Never raises."""
    try:
        connections.prompt().eval(REPORT, 1, KEY, f"{about}/{by}", text, KEPT_SECONDS)
    except redis.RedisError as error:
        logger.debug("%s of %s not reported: %s", about, by, error)


def read_reports() -> list[Report]:
    """The latest reports of all processes. Raises redis.RedisError."""
    with connections.prompt().pipeline(transaction=False) as pipe:
        pipe.time()
        pipe.hgetall(KEY)
        (now, _), said = cast("tuple[tuple[int, int], dict[bytes, bytes]]", pipe.execute())
    return [_report(name.decode(), content.decode(), now) for name, content in sorted(said.items())]


def failing_services(said: Iterable[Report]) -> dict[str, str]:
    """The external signals whose services some process found failing lately, with the cause, by name."""
    failing = (each for each in said if each.about == SERVICE and each.text and each.age <= FAILING_SECONDS)
    return {each.by.partition("/")[0]: each.text for each in sorted(failing)}


def _report(name: str, content: str, now: int) -> Report:
    about, _, by = name.partition("/")
    at, _, text = content.partition(" ")
    return Report(about, by, float(now - int(at)), text)
