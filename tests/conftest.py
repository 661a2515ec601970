"""Fixtures for all tests: real services, an empty online store, a real worker, the public data sets."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import hypothesis
import psycopg2
import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase

from config.celery import app
from embedded import services
from tests.cleaning import MigratedDatabase
from tests.processes import environment_of_process
from tests.scheduling import ByFile, is_fault
from tests.shared_services import shared_services

# No deadlines, which would measure the machine; fixed examples, so that failures are reproducible everywhere.
hypothesis.settings.register_profile("assay", deadline=None, derandomize=True, max_examples=60)
# For a long search: HYPOTHESIS_PROFILE=deep pytest ...
hypothesis.settings.register_profile("deep", deadline=None, max_examples=2_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "assay"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the slowest tests first, so that the workers finish together."""
    items.sort(key=lambda item: not is_fault(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    config.option.loadscopereorder = False  # ordering by number of tests would put the slowest last
    return ByFile(config, log)


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Let values that know how to explain a difference do so, such as `tests.lane_states.LaneStates`."""
    explain = getattr(right, "explain_difference", None) if op == "==" else None
    return explain(left) if explain else None


@pytest.fixture(scope="session")
def embedded_services() -> Iterator[None]:
    """Start PostgreSQL and Redis; the last session that uses them stops what was started."""
    with shared_services(settings.VAR_DIR):
        _turn_fsync_off()
        yield


def _turn_fsync_off() -> None:
    """Turn fsync off: losing the test database in a power failure does not matter."""
    with closing(psycopg2.connect(services.database_url(settings.VAR_DIR))) as server:
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute("ALTER SYSTEM SET fsync = off")
            cursor.execute("ALTER SYSTEM SET full_page_writes = off")
            cursor.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(embedded_services: None) -> None:
    """pytest-django's hook before it creates the test database: starts the server by then."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[MigratedDatabase]:
    """The database, which is cleaned up after tests that commit in a way of our own (`tests.cleaning`)."""
    with django_db_blocker.unblock():
        migrated = MigratedDatabase()
        connection.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: migrated.clean_up())
        yield migrated


@pytest.fixture
def online_redis(embedded_services: None) -> Iterator[redis.Redis]:
    """A client of the online store (and broker), which is empty before and after the test."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def process_environment(transactional_db: None, tmp_path: Path) -> dict[str, str]:
    """The environment for a real process (worker, web, command) on the test's own database."""
    return environment_of_process(tmp_path)


@pytest.fixture
def celery_worker_process(
    online_redis: redis.Redis, process_environment: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts real workers: `worker = celery_worker_process(queues="lanes,default")` returns when it is ready.

    Each leads a process group (`os.killpg(worker.pid, SIGKILL)` kills parent and children); its log is
    `tmp_path / "worker-{n}.log"`. All are terminated after the test.
    """
    running: list[subprocess.Popen[bytes]] = []

    def start(
        *, queues: str = "lanes,default", concurrency: int = 1, pool: str = "prefork", **extra: str
    ) -> Any:
        log = tmp_path / f"worker-{len(running)}.log"
        name = f"test-{os.getpid()}-{len(running)}@localhost"
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "config",
            "worker",
            "-Q",
            queues,
            "-c",
            str(concurrency),
        ]
        command += ["-P", pool, "-n", name, "--without-gossip", "--without-mingle", "-l", "INFO"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                env=process_environment | extra,
                stdout=output,
                stderr=output,
                cwd=settings.BASE_DIR,
                start_new_session=True,
            )
        running.append(process)
        _wait_for_worker(process, name, log)
        return process

    yield start
    for process in running:
        _end_group(process)


def _wait_for_worker(process: subprocess.Popen[bytes], name: str, log: Path) -> None:
    for _ in range(60):
        if process.poll() is not None:
            pytest.fail(f"the worker ended: {log.read_text()[-2000:]}")
        with app.connection_for_write(settings.CELERY_BROKER_URL) as broker:
            if app.control.ping(destination=[name], timeout=1.0, connection=broker):
                return
    pytest.fail(f"the worker did not become ready: {log.read_text()[-2000:]}")


def _end_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The directory of public data sets (ASSAY_TEST_DATA); tests that need it are skipped without it."""
    directory = os.environ.get("ASSAY_TEST_DATA")
    if not directory or not Path(directory).is_dir():
        pytest.skip("ASSAY_TEST_DATA is not a directory of data sets")
    return Path(directory)
