"""What processes say of themselves, for whoever asks how the whole is doing: a hash in Redis.

Ages are by the clock of Redis: those of the processes may differ, which is one of the things they report.
"""

import logging
from typing import NamedTuple, cast

import redis

from scoring.signals import redis_connections as connections

logger = logging.getLogger(__name__)

KEY = "assay:reports"
KEPT_SECONDS = 86_400  # a process that is no more is forgotten a day after its last word
ALIVE_SECONDS = 10.0  # a process that has said nothing for so long is away; each reports every 2 s

WORKER, CLOCK, MODELS, SWEEP = "worker", "clock", "models", "sweep"

REPORT = """
local now = redis.call('TIME')[1]
redis.call('HSET', KEYS[1], ARGV[1], now .. ' ' .. ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
"""


class Report(NamedTuple):
    """`text` is what was said, `age` how many seconds ago. `about` and `by`: of what, by which process."""

    about: str
    by: str
    age: float
    text: str

    @property
    def is_fresh(self) -> bool:
        return self.age <= ALIVE_SECONDS


def report(about: str, by: str, text: str = "") -> None:
    """Say something of a process, in place of what was said before. Never raises."""
    try:
        connections.prompt().eval(REPORT, 1, KEY, f"{about}/{by}", text, KEPT_SECONDS)
    except redis.RedisError as error:
        logger.debug("%s of %s not reported: %s", about, by, error)


def read_reports() -> list[Report]:
    """What each process has said last. Raises redis.RedisError."""
    with connections.prompt().pipeline(transaction=False) as pipe:
        pipe.time()
        pipe.hgetall(KEY)
        (now, _), said = cast("tuple[tuple[int, int], dict[bytes, bytes]]", pipe.execute())
    return [_report(name.decode(), content.decode(), now) for name, content in sorted(said.items())]


def _report(name: str, content: str, now: int) -> Report:
    about, _, by = name.partition("/")
    at, _, text = content.partition(" ")
    return Report(about, by, float(now - int(at)), text)
