from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.faults.deployment import Deployment


@pytest.fixture
def deployment(
    process_environment: dict[str, str], online_redis: redis.Redis, tmp_path: Path
) -> Iterator[Deployment]:
    """A deployment on the test's database, not yet started."""
    deployment = Deployment(process_environment, tmp_path)
    yield deployment
    deployment.stop()
