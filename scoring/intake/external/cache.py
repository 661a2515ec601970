"""Remembers what services answered, by what was sent: in this process, and in Redis for all processes.

Keys are keyed digests, since what is sent may be personal.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any

import orjson
import redis

from scoring.catalog.external_signals import ExternalSignal
from scoring.catalog.fields import Canonical
from scoring.log import vault
from scoring.signals import redis_connections as connections

MAX_ENTRIES = 20_000  # in a process; some 200 bytes each
PREFIX = "assay:external:"
Known = tuple[Canonical | None]  # an answer, which may be that the service knows nothing


def cache_key(signal: ExternalSignal, body: Mapping[str, Any]) -> str:
    """The same for equal bodies of one declaration; a changed declaration has other keys."""
    asked = [signal.url, signal.answer, type(signal.gives).__name__, signal.gives.json_schema(), body]
    return vault.digest_of("external", orjson.dumps(asked, option=orjson.OPT_SORT_KEYS).decode())


class AnswerCache:
    """The answers that this process knows, the latest used last."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, tuple[float, Known]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> Known | None:
        """The answer, in a tuple; None if there is none that still holds."""
        with self._lock:
            found = self._answers.get(key)
            if found is None:
                return None
            if found[0] < time.monotonic():
                del self._answers[key]
                return None
            self._answers.move_to_end(key)
            return found[1]

    def put(self, key: str, known: Known, *, seconds: float) -> None:
        with self._lock:
            self._answers[key] = (time.monotonic() + seconds, known)
            self._answers.move_to_end(key)
            if len(self._answers) > MAX_ENTRIES:
                self._answers.popitem(last=False)


def read_shared(key: str) -> tuple[Known, float] | None:
    """What any process was answered, and for how many seconds it still holds; None without Redis."""
    try:
        with connections.prompt().pipeline(transaction=False) as pipe:
            pipe.get(PREFIX + key)
            pipe.pttl(PREFIX + key)
            stored, left = pipe.execute()
    except redis.RedisError:
        return None
    if stored is None or left <= 0:
        return None
    return (orjson.loads(stored),), left / 1000


def write_shared(key: str, known: Known, *, seconds: float) -> None:
    """Tell the other processes; they ask themselves if Redis is gone."""
    try:
        connections.prompt().set(PREFIX + key, orjson.dumps(known[0]), px=round(seconds * 1000))
    except redis.RedisError:
        return
