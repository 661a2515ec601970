"""/healthz and /readyz, with servers that are there and servers that are not."""

from typing import Any

import pytest
import redis
from django.db import connection
from django.test import Client

from config import health
from scoring.errors import LogAheadOfCluster

pytestmark = pytest.mark.django_db


def test_a_process_that_answers_is_alive(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_ready_says_ok_of_every_part(client: Client, online_redis: redis.Redis) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200, response.content
    assert set(response.json()["checks"].values()) == {"ok"}
    assert set(response.json()["checks"]) == set(health.CHECKS)


def test_ready_is_503_without_redis_and_shows_no_address(client: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://:hunter2@127.0.0.1:1/0"
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["redis"].startswith("Redis cannot be reached.")
    assert response.json()["checks"]["postgres"] == "ok"
    assert "hunter2" not in response.content.decode()


def test_ready_is_503_while_a_migration_is_missing(client: Client, online_redis: redis.Redis) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["migrations"] == "1 not applied. Run `manage.py migrate`."


def test_ready_is_503_with_a_log_from_another_cluster(
    client: Client, online_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ahead() -> None:
        raise LogAheadOfCluster(9, 1)

    monkeypatch.setattr(health, "check_epoch", ahead)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "begin_epoch" in response.json()["checks"]["log"]
