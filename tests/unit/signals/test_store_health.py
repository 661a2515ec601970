"""Why a Redis refuses writes, in words that say what to do."""

import pytest
import redis

from scoring.signals.store_health import refusal_of


@pytest.mark.parametrize(
    ("error", "why", "remedy"),
    [
        (redis.exceptions.OutOfMemoryError("command not allowed"), "memory is full", "Raise maxmemory"),
        (redis.ResponseError("OOM command not allowed"), "memory is full", "Raise maxmemory"),
        (redis.ResponseError("MISCONF Errors writing to the AOF file"), "write to its disk", "Free space"),
        (redis.exceptions.ReadOnlyError("You can't write"), "read-only replica", "at the primary"),
        (redis.ResponseError("NOREPLICAS Not enough good replicas"), "fewer replicas", "Bring its replicas"),
        (redis.exceptions.MasterDownError("Link is down"), "its primary is down", "fail over"),
        (redis.exceptions.ClusterDownError("The cluster is down"), "cluster is down", "cluster's nodes"),
        (redis.exceptions.BusyLoadingError("Redis is loading"), "loading its data", "Wait until"),
        (redis.exceptions.NoPermissionError("No permissions"), "lacks permission", "Grant the user"),
        (redis.ResponseError("ERR something new"), "it says “ERR something new”", "See its log."),
    ],
    ids=lambda given: type(given).__name__ if isinstance(given, Exception) else "",
)
def test_what_an_error_of_the_server_means(error: redis.RedisError, why: str, remedy: str):
    refusal = refusal_of(error)
    assert why in refusal.why
    assert remedy in refusal.remedy
