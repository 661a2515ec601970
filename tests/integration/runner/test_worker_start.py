"""Real workers: when they refuse to start, and what they survive."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection

from config.celery import app
from tests.waiting import wait_until

SWEEP = "scoring.runner.tasks.sweep"
WARM = "warm after"  # what a child's log says once it has compiled and loaded


def test_a_worker_refuses_a_redis_that_evicts(
    online_redis: redis.Redis, process_environment: dict[str, str]
) -> None:
    online_redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        result = subprocess.run(
            [sys.executable, "-m", "celery", "-A", "config", "worker", "-P", "solo", "--without-mingle"],
            env=process_environment,
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        online_redis.config_set("maxmemory-policy", "noeviction")
    assert result.returncode != 0
    assert "Redis evicts keys (allkeys-lru)." in result.stderr


def test_a_worker_goes_on_after_postgres_has_dropped_its_connection(
    celery_worker_process: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    worker = celery_worker_process(queues="lanes")
    run_task(SWEEP, done=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] >= 1
    run_task(SWEEP, done=2)
    assert worker.poll() is None
    assert "raised unexpected" not in (tmp_path / "worker-0.log").read_text()


def test_each_child_that_works_lanes_warms_up_and_shares_no_connection(
    celery_worker_process: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    log = tmp_path / "worker-0.log"
    celery_worker_process(queues="lanes", concurrency=4)
    wait_until(lambda: log.read_text().count(WARM) == 4, seconds=30)
    assert "raised" not in log.read_text()
    # Celery closes those of the children, which so far have done nothing: the last one would be the parent's.
    wait_until(lambda: count_connections() == 0, seconds=30)


def test_children_that_work_no_lanes_do_not_warm_up(
    celery_worker_process: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    celery_worker_process(queues="default")
    run_task("monitoring.tasks.prune_windows", done=1)
    assert WARM not in (tmp_path / "worker-0.log").read_text()


def test_messages_of_an_earlier_release_are_run_or_discarded(
    celery_worker_process: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    """They lie in the broker at an upgrade: of tasks that moved since, and of one that is gone."""
    worker = celery_worker_process(queues="lanes")
    app.send_task("scoring.decisions.tasks.help_out", queue="lanes")
    run_task("scoring.decisions.tasks.run_lane", "commerce", done=1, queue="lanes")
    run_task("scoring.decisions.tasks.sweep", done=1, queue="lanes")
    assert worker.poll() is None
    log = (tmp_path / "worker-0.log").read_text()
    assert "unregistered task of type 'scoring.decisions.tasks.help_out'" in log
    assert "raised unexpected" not in log


def count_connections() -> int:
    """Connections to the test's database that are not the test's own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


def run_task(name: str, *arguments: str, done: int, queue: str | None = None) -> None:
    app.send_task(name, args=arguments, queue=queue)
    for _ in range(100):
        stats = app.control.inspect(timeout=1.0).stats() or {}
        if sum(worker["total"].get(name, 0) for worker in stats.values()) >= done:
            time.sleep(0.5)  # `total` counts what was taken up
            return
    pytest.fail(f"{name} was not run {done} times")
