from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.faults.house import House


@pytest.fixture
def house(process_environment: dict[str, str], online_redis: redis.Redis, tmp_path: Path) -> Iterator[House]:
    """Web, worker, background and beat of their own on the test's database; not yet started."""
    house = House(process_environment, tmp_path)
    yield house
    house.stop()
