"""The process's connection to Redis."""

from functools import cache

import redis
from django.conf import settings


@cache
def client() -> redis.Redis:
    """A pooled, thread-safe client."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=1.0,  # a dead server must become a fallback, not a stuck request
        socket_timeout=settings.API_MAX_WAIT + 5.0,  # above the longest wait for an answer, which blocks
    )
