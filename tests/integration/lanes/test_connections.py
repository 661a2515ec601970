"""Redis connections: blocking reads, frozen servers, discarded clients."""

import gc
import os
import signal
from collections.abc import Iterator

import pytest
import redis

from scoring.signals import redis_connections as connections
from tests.waiting import wait_until


@pytest.fixture
def frozen_redis(online_redis: redis.Redis) -> Iterator[None]:
    """Redis accepts no commands until the test ends, like a stopped process."""
    process = online_redis.info("server")["process_id"]
    os.kill(process, signal.SIGSTOP)
    yield
    os.kill(process, signal.SIGCONT)
    wait_until(lambda: not connections.breaker.is_open)


def test_a_blocking_read_without_a_result_is_not_mistaken_for_a_dead_server(online_redis):
    assert connections.blocking().blpop(["nothing"], timeout=connections.MAX_BLOCK_SECONDS) is None


def test_one_command_waits_for_a_frozen_redis_and_the_next_ones_do_not(frozen_redis, monkeypatch):
    connections.prompt.cache_clear()
    asked = connections.prompt()
    with pytest.raises(redis.TimeoutError):
        asked.get("anything")
    monkeypatch.setattr(asked.connection_pool, "get_connection", lambda: pytest.fail("Redis was asked"))
    with pytest.raises(redis.ConnectionError, match="is not used until it does"):
        asked.get("anything")
    with pytest.raises(redis.ConnectionError, match="is not used until it does"):
        asked.pipeline(transaction=False).get("anything").execute()


def test_redis_is_used_again_once_it_answers(online_redis):
    connections.breaker.trip()
    wait_until(lambda: not connections.breaker.is_open)
    assert connections.prompt().ping()


def test_a_redis_that_refuses_a_command_is_still_used(online_redis):
    online_redis.set("text", "x")
    with pytest.raises(redis.ResponseError):
        connections.prompt().lpush("text", "y")
    assert not connections.breaker.is_open


def test_a_discarded_client_leaves_a_pipeline_its_connection(online_redis):
    """Threads that use the client at the same time first may discard one of their clients."""
    pipe = connections.client().pipeline(transaction=False)
    in_use = pipe.connection_pool.get_connection()
    connections.client.cache_clear()
    gc.collect()
    assert in_use.is_connected
    pipe.connection_pool.release(in_use)
    assert pipe.ping().execute() == [True]
