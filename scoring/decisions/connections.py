"""The process's connection to Redis."""

from functools import cache

import redis
from django.conf import settings


@cache
def client() -> redis.Redis:
    """A pooled, thread-safe client.

    Threads that ask for the first time together may get one each, of which one is forgotten. The pool is
    made apart for that: a client that made its own would close the connections in use when it goes.
    """
    pool = redis.ConnectionPool.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=1.0,  # a dead server must become a fallback, not a stuck request
        socket_timeout=settings.API_MAX_WAIT + 5.0,  # above the longest wait for an answer, which blocks
    )
    return redis.Redis(connection_pool=pool)
