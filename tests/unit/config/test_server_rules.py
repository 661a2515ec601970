import pytest

from config.environment import broker_url
from config.status import servers


@pytest.mark.parametrize(
    ("version", "policy", "messages"),
    [
        ("6.2.14", "noeviction", []),
        ("7.2.4", "noeviction", []),
        ("10.0.1", "noeviction", []),
        ("6.0.9", "noeviction", ["Redis 6.0.9 is too old."]),
        ("7.2.4", "allkeys-lru", ["Redis evicts keys (allkeys-lru)."]),
        ("5.0.1", "volatile-ttl", ["Redis 5.0.1 is too old.", "Redis evicts keys (volatile-ttl)."]),
    ],
)
def test_redis_must_be_recent_and_must_not_evict_keys(version: str, policy: str, messages: list[str]) -> None:
    facts = {"redis_version": version, "maxmemory_policy": policy}
    problems = servers._judge_redis(facts, server="redis", setting="REDIS_URL")
    assert [problem.message for problem in problems] == messages


@pytest.mark.parametrize(
    "url",
    ["redis://:secret@127.0.0.1:1/0", "unix:///nowhere/redis.sock", "redis+socket:///nowhere/redis.sock"],
)
def test_the_problem_of_an_unreachable_redis_does_not_show_its_address(url: str, settings: object) -> None:
    settings.CELERY_BROKER_URL = broker_url(url)  # type: ignore[attr-defined]
    problem = servers.check_broker()[0]
    assert problem.message == "Broker cannot be reached."
    assert "secret" not in problem.message + problem.hint


def test_another_kind_of_broker_is_only_checked_for_a_connection(settings: object) -> None:
    settings.CELERY_BROKER_URL = "amqp://guest:guest@127.0.0.1:1//"  # type: ignore[attr-defined]
    assert [problem.message for problem in servers.check_broker()] == ["The broker cannot be reached."]
    settings.CELERY_BROKER_URL = "memory://"  # type: ignore[attr-defined]
    assert servers.check_broker() == []
