from collections.abc import Iterator

import pytest
import redis

from scoring.offline.store import OfflineStore
from tests.factories.catalog import catalog_of


@pytest.fixture
def orders() -> Iterator[None]:
    """The catalog with the event type `order`, which declares three views, and without any other."""
    with catalog_of("tests.factories.views"):
        yield


@pytest.fixture
def store(
    transactional_db: None, online_redis: redis.Redis, orders: None, tmp_path, settings
) -> OfflineStore:
    """An offline store and a Redis of their own."""
    settings.OFFLINE_URL = str(tmp_path / "offline")
    return OfflineStore()
