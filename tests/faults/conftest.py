from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection

from tests.cleaning import MigratedDatabase
from tests.faults.deployment import Deployment
from tests.processes import environment_of_process


@pytest.fixture
def deployment(
    process_environment: dict[str, str], online_redis: redis.Redis, tmp_path: Path
) -> Iterator[Deployment]:
    """A deployment on the test's database, not yet started."""
    deployment = Deployment(process_environment, tmp_path)
    yield deployment
    deployment.stop()


@pytest.fixture(scope="module")
def shared_deployment(
    django_db_setup: MigratedDatabase, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """One deployment and one database for all tests of a module, since starting its processes takes seconds.

    Each test leaves it working, and sends events with ids of its own.
    """
    directory = tmp_path_factory.mktemp("deployment")
    with redis.Redis.from_url(settings.REDIS_URL) as server, django_db_blocker.unblock():
        server.flushdb()
        deployment = Deployment(environment_of_process(directory), directory)
        with django_db_setup.shared():
            yield deployment
            deployment.stop()
        connection.close()
        server.flushdb()
