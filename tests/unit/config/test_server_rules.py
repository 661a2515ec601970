import pytest

from config.environment import broker_url
from config.status import servers


@pytest.mark.parametrize(
    ("version", "policy", "said"),
    [
        ("6.2.14", "noeviction", []),
        ("7.2.4", "noeviction", []),
        ("10.0.1", "noeviction", []),
        ("6.0.9", "noeviction", ["Redis 6.0.9 is too old."]),
        ("7.2.4", "allkeys-lru", ["Redis evicts keys (allkeys-lru)."]),
        ("5.0.1", "volatile-ttl", ["Redis 5.0.1 is too old.", "Redis evicts keys (volatile-ttl)."]),
    ],
)
def test_a_redis_must_be_recent_and_keep_what_it_is_given(version: str, policy: str, said: list[str]) -> None:
    facts = {"redis_version": version, "maxmemory_policy": policy}
    problems = servers._judge_redis(facts, server="redis", setting="REDIS_URL")
    assert [problem.message for problem in problems] == said


@pytest.mark.parametrize(
    "url",
    ["redis://:secret@127.0.0.1:1/0", "unix:///nowhere/redis.sock", "redis+socket:///nowhere/redis.sock"],
)
def test_a_missing_redis_is_a_problem_that_shows_no_address(url: str, settings: object) -> None:
    settings.CELERY_BROKER_URL = broker_url(url)  # type: ignore[attr-defined]
    problem = servers.check_broker()[0]
    assert problem.message == "Broker cannot be reached."
    assert "secret" not in problem.message + problem.hint


def test_a_broker_of_another_kind_is_only_asked_whether_it_answers(settings: object) -> None:
    settings.CELERY_BROKER_URL = "amqp://guest:guest@127.0.0.1:1//"  # type: ignore[attr-defined]
    assert [problem.message for problem in servers.check_broker()] == ["The broker cannot be reached."]
    settings.CELERY_BROKER_URL = "memory://"  # type: ignore[attr-defined]
    assert servers.check_broker() == []
