"""The process's Redis connections: for background work, for requests, and for blocking reads."""

from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis.client import Pipeline

from scoring.signals.breaker import Breaker

CONNECT_SECONDS = 1.0
COMMAND_SECONDS = 5.0  # waits for a server that stalls for a moment (disk queue, fork)
# A command on a few keys takes less than a millisecond; one that takes this long hangs, and a client waits.
PROMPT_SECONDS = 0.4
MAX_BLOCK_SECONDS = 2.0  # the longest blocking read, of `blocking`
PROBE_KEY = "assay:probe"


@cache
def client() -> redis.Redis:
    """A pooled, thread-safe client for work that no client waits for.

    Threads that call this at the same time first may get one each, of which one is discarded. The pool is
    created separately, since a client that owns its pool closes the connections in use when it is discarded.
    """
    return redis.Redis(connection_pool=_pool(COMMAND_SECONDS))


@cache
def blocking() -> redis.Redis:
    """A client for reads that block up to MAX_BLOCK_SECONDS; a hung server is noticed soon after that."""
    return redis.Redis(connection_pool=_pool(MAX_BLOCK_SECONDS + CONNECT_SECONDS))


@cache
def prompt() -> "PromptClient":
    """A client for requests. A command that is not answered in PROMPT_SECONDS raises redis.TimeoutError.

    From then on every command raises redis.ConnectionError at once, until a probe finds that the server
    answers again: a hung Redis delays one command, not every command of every request.
    """
    return PromptClient(connection_pool=_pool(PROMPT_SECONDS))


class PromptClient(redis.Redis):
    """Times out early, and does not use a server that has just failed to answer."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        return guarded(super().execute_command, *args, **options)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        return PromptPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class PromptPipeline(Pipeline):
    def execute(self, raise_on_error: bool = True) -> Any:
        return guarded(super().execute, raise_on_error)


def guarded(command: Any, *args: Any, **options: Any) -> Any:
    """Run a Redis command unless the breaker is open; trip it when Redis does not answer."""
    if breaker.is_open:
        raise redis.ConnectionError("Redis did not answer a moment ago and is not used until it does")
    try:
        return command(*args, **options)
    except (redis.ConnectionError, redis.TimeoutError):
        breaker.trip()
        raise


def _pool(seconds: float) -> redis.ConnectionPool:
    return redis.ConnectionPool.from_url(
        settings.REDIS_URL, socket_connect_timeout=min(CONNECT_SECONDS, seconds), socket_timeout=seconds
    )


def _probe() -> None:
    """Write a key, since a server may answer reads only. Any answer counts, errors included."""
    connection = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=PROMPT_SECONDS,
        socket_timeout=PROMPT_SECONDS,
    )
    with connection:
        try:
            connection.set(PROBE_KEY, "1", px=1_000)
        except redis.ResponseError:
            return


breaker = Breaker("Redis", _probe)
