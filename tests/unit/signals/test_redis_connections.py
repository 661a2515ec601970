"""How long each kind of client waits for Redis, and which failures trip the breaker."""

from types import SimpleNamespace
from typing import Any

import pytest
import redis

from scoring.signals import redis_connections as connections
from scoring.signals.redis_connections import blocking, client, guarded, prompt


@pytest.mark.parametrize(
    ("kind", "connect", "command"), [(client, 1.0, 5.0), (blocking, 1.0, 3.0), (prompt, 0.4, 0.4)]
)
def test_how_long_a_client_waits(kind: Any, connect: float, command: float):
    kept = kind().connection_pool.connection_kwargs
    assert (kept["socket_connect_timeout"], kept["socket_timeout"]) == (connect, command)


@pytest.mark.parametrize(
    ("error", "trips"),
    [
        (redis.ConnectionError("refused"), True),
        (redis.TimeoutError("hung"), True),
        (redis.ResponseError("wrong type"), False),
        (ValueError("ours"), False),
    ],
)
def test_a_redis_that_does_not_answer_trips_the_breaker_and_one_that_refuses_does_not(
    monkeypatch: pytest.MonkeyPatch, error: Exception, trips: bool
):
    tripped: list[bool] = []

    def fail() -> None:
        raise error

    well = SimpleNamespace(is_open=False, trip=lambda: tripped.append(True))
    monkeypatch.setattr(connections, "breaker", well)
    with pytest.raises(type(error)):
        guarded(fail)
    assert bool(tripped) is trips
