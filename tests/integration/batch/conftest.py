from collections.abc import Iterator

import pytest
import redis

from scoring.catalog import registry
from scoring.offline.store import OfflineStore


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The catalog with the event type `order`, which declares three views, and without any other."""
    monkeypatch.setattr(registry, "BUILT_IN", ("tests.factories.views",))
    registry.event_types.cache_clear()
    yield
    monkeypatch.undo()
    registry.event_types.cache_clear()


@pytest.fixture
def store(
    transactional_db: None, online_redis: redis.Redis, orders: None, tmp_path, settings
) -> OfflineStore:
    """An offline store and a Redis of their own."""
    settings.OFFLINE_URL = str(tmp_path / "offline")
    return OfflineStore()
