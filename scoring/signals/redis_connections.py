"""Connections of the process to Redis: for work, for what a client waits for, and for reads that block."""

from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis.client import Pipeline

from scoring.signals.breaker import Breaker

CONNECT_SECONDS = 1.0
COMMAND_SECONDS = 5.0  # a server that stops for a moment (a full disk's queue, a fork) is waited for
# A command of a few keys takes less than a millisecond: what takes so long is hung, and a client waits.
PROMPT_SECONDS = 0.4
MAX_BLOCK_SECONDS = 2.0  # the longest blocking read, of `blocking`
PROBE_KEY = "assay:probe"


@cache
def client() -> redis.Redis:
    """A pooled, thread-safe client for work that no client waits for.

    Threads that ask for the first time together may get one each, of which one is forgotten. The pool is
    made apart for that: a client that made its own would close the connections in use when it goes.
    """
    return redis.Redis(connection_pool=_pool(COMMAND_SECONDS))


@cache
def blocking() -> redis.Redis:
    """The same for reads that block up to MAX_BLOCK_SECONDS: a hung server is noticed soon after that."""
    return redis.Redis(connection_pool=_pool(MAX_BLOCK_SECONDS + CONNECT_SECONDS))


@cache
def prompt() -> "PromptClient":
    """The same for requests. A command that is not answered in PROMPT_SECONDS raises redis.TimeoutError.

    From then on every command raises redis.ConnectionError at once, until a probe has found that the server
    answers: one request pays for a hung Redis, and not each for each of its commands.
    """
    return PromptClient(connection_pool=_pool(PROMPT_SECONDS))


class PromptClient(redis.Redis):
    """Gives up early, and does not ask a server that has just failed to answer."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        return guarded(super().execute_command, *args, **options)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        return PromptPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class PromptPipeline(Pipeline):
    def execute(self, raise_on_error: bool = True) -> Any:
        return guarded(super().execute, raise_on_error)


def guarded(command: Any, *args: Any, **options: Any) -> Any:
    """Run a command of Redis unless it is being left alone; note when it fails to answer."""
    if breaker.is_open:
        raise redis.ConnectionError("Redis did not answer a moment ago and is left alone")
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
    """A write, for a server may answer reads alone. Any answer will do: an error says its own words."""
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
