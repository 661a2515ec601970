"""/healthz and /readyz with available and unavailable servers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from config.status import health
from scoring.log.errors import LogAheadOfCluster
from scoring.runner import self_check as well_being
from scoring.runner import tasks
from scoring.runner.self_check import report_status
from scoring.signals import process_reports as reports
from scoring.signals import store_health

pytestmark = pytest.mark.django_db(transaction=True)  # the checks run on their own connections


@pytest.fixture(autouse=True)
def no_cached_results() -> Iterator[None]:
    forget_answers()
    yield
    forget_answers()


def forget_answers() -> None:
    for probe in health.PROBES:
        probe.answers(until=time.monotonic() + 10)  # a run that is in progress would answer the next test
        probe._said_at = float("-inf")


@pytest.fixture
def report_all_processes(online_redis: redis.Redis) -> None:
    """Report as every kind of worker does."""
    for queue in health.QUEUES:
        reports.report(reports.WORKER, f"{queue}/{queue}@here")
    report_status()


def test_redis_writes_are_tested_with_a_key_that_expires(
    online_redis: redis.Redis,
) -> None:
    online_redis.flushdb()
    assert store_health.refused_write(online_redis) is None
    [key] = online_redis.keys()
    assert key.decode() == store_health.KEY
    assert online_redis.pttl(key) > 0


def test_the_last_report_of_a_process_is_kept_for_a_day(online_redis: redis.Redis) -> None:
    for text in ("payment-2: gone.", "payment-3: its bytes are gone."):
        reports.report(reports.MODELS, "there", text)
    reports.report(reports.CLOCK, "there", "0.100")
    said = [(report.about, report.by, report.text) for report in reports.read_reports()]
    assert said == [("clock", "there", "0.100"), ("models", "there", "payment-3: its bytes are gone.")]
    assert 0 < online_redis.ttl(reports.KEY) <= reports.KEPT_SECONDS


def test_a_sweep_reports_its_worker_and_checks_models_at_intervals(
    online_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[list[str]] = []
    monkeypatch.setattr(well_being, "_models_at", float("-inf"))
    monkeypatch.setattr(well_being, "MODELS_SECONDS", 3_600.0)
    monkeypatch.setattr(
        well_being, "unusable_models", lambda: looked.append(["a: x.", "b: y."]) or looked[-1]
    )
    for _ in range(2):
        assert tasks.sweep() == []
    said = {report.about: (report.by, report.text) for report in reports.read_reports()}
    assert said.keys() == {reports.SWEEP, reports.CLOCK, reports.MODELS}
    assert said[reports.MODELS] == (well_being.socket.gethostname(), "a: x. b: y.")
    assert abs(float(said[reports.CLOCK][1])) < 60.0
    assert len(looked) == 1


def test_an_unloadable_champion_and_canary_are_named_once(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    lost, other = SimpleNamespace(model="payment-1"), SimpleNamespace(model="post-7")
    routes = {
        "payment": SimpleNamespace(champion=lost, canary=other),
        "post": SimpleNamespace(champion=other, canary=None),
    }
    monkeypatch.setattr(well_being, "current_routes", lambda: routes)
    problems = well_being.unusable_models()
    assert [problem.split(":")[0] for problem in problems] == ["payment-1", "post-7"]
    assert all(problem.endswith(".") and not problem.endswith("..") for problem in problems)


def test_healthz_answers(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_ready_reports_ok_for_every_check(client: Client, report_all_processes: None) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200, response.content
    assert set(response.json()["checks"].values()) == {"ok"}
    assert set(response.json()["checks"]) == {name for probe in health.PROBES for name in probe.checks}


def test_ready_is_503_without_redis_and_shows_no_address(client: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://:hunter2@127.0.0.1:1/0"
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["redis"].startswith("Redis cannot be reached.")
    assert response.json()["checks"]["postgres"] == "ok"
    assert "hunter2" not in response.content.decode()


def test_ready_is_503_while_a_migration_is_missing(client: Client, online_redis: redis.Redis) -> None:
    applied = list(MigrationRecorder.Migration.objects.filter(app="sessions"))
    MigrationRecorder.Migration.objects.filter(app="sessions").delete()
    response = client.get("/readyz")
    MigrationRecorder.Migration.objects.bulk_create(applied)
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


@contextmanager
def open_writer() -> Iterator[int]:
    """Another session with an open writing transaction; yields its process id."""
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SET application_name = 'a forgotten psql'")
            cursor.execute("SELECT pg_current_xact_id(), pg_backend_pid()")
            yield int(cursor.fetchone()[1])
    finally:
        other.close()


@pytest.mark.parametrize(
    ("setting", "value", "usual", "why"),
    [
        ("maxmemory", "1000000", "0", "its memory is full"),
        ("min-replicas-to-write", "1", "0", "it has fewer replicas than it needs"),
    ],
)
def test_ready_is_503_while_redis_refuses_writes(  # noqa: PLR0917
    client: Client, online_redis: redis.Redis, setting: str, value: str, usual: str, why: str
) -> None:
    online_redis.config_set(setting, value)
    try:
        response = client.get("/readyz")
    finally:
        online_redis.config_set(setting, usual)
    assert response.status_code == 503
    assert response.json()["checks"]["redis"].startswith(f"Redis refuses writes: {why}.")
    assert response.json()["checks"]["broker"].startswith(f"Broker refuses writes: {why}.")


def test_ready_is_503_while_postgres_takes_no_writes(client: Client, online_redis: redis.Redis) -> None:
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    try:
        response = client.get("/readyz")
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    assert response.status_code == 503
    assert response.json()["checks"]["postgres"].startswith(
        "PostgreSQL does not accept writes: it is read-only."
    )


def test_ready_is_degraded_without_workers_and_names_them(client: Client, online_redis: redis.Redis) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    for queue in health.QUEUES:
        assert f"No worker of the queue “{queue}” has reported" in response.json()["checks"]["workers"]


def test_ready_is_degraded_while_a_worker_cannot_load_a_model(
    client: Client, report_all_processes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports.report(reports.MODELS, "elsewhere", "payment-3: its bytes are not those that were trained.")
    response = client.get("/readyz")
    assert response.json()["status"] == "degraded"
    said = response.json()["checks"]["workers_models"]
    assert said == "On elsewhere: payment-3: its bytes are not those that were trained."


def test_ready_is_degraded_while_the_service_of_an_external_signal_fails(
    client: Client, report_all_processes: None
) -> None:
    reports.report(reports.SERVICE, "payment.device_risk/box-7", "timeout")
    reports.report(reports.SERVICE, "payment.device_risk/box-8", "timeout")
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert (
        response.json()["checks"]["external_signals"] == "The service of payment.device_risk fails (timeout)."
    )
    for process in ("box-7", "box-8"):
        reports.report(reports.SERVICE, f"payment.device_risk/{process}")
    assert health.check_external_signals() == "ok"  # /readyz keeps what it found for a second


@pytest.mark.parametrize(("seconds", "said"), [(600.0, "600 s ahead of"), (-600.0, "600 s behind")])
def test_ready_is_degraded_while_a_clock_is_wrong(
    client: Client, report_all_processes: None, monkeypatch: pytest.MonkeyPatch, seconds: float, said: str
) -> None:
    right = well_being.time.time
    monkeypatch.setattr(well_being.time, "time", lambda: right() + seconds)
    report_status()
    response = client.get("/readyz")
    assert response.json()["status"] == "degraded"
    assert said in response.json()["checks"]["clock"]
    assert said in response.json()["checks"]["workers_clocks"]


def test_ready_names_the_transaction_that_readers_wait_for(
    client: Client, report_all_processes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "MAX_WRITER_SECONDS", 0.0)
    with open_writer() as session:
        response = client.get("/readyz")
    said = response.json()["checks"]["horizon"]
    assert f"process {session} of PostgreSQL (user “postgres”, application “a forgotten psql”" in said
    assert f"pg_terminate_backend({session})" in said


def test_results_are_cached_for_a_second(
    client: Client, report_all_processes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/readyz")
    asked: list[str] = []
    monkeypatch.setattr(health.servers, "check_postgres", lambda: asked.append("postgres") or [])
    for _ in range(5):
        client.get("/readyz")
    assert asked == []
