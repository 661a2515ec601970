"""A community with files: a store of its own, and the process that reads them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from scoring.api.keys import issue as keys
from scoring.api.media import rates
from scoring.content.media.processing.sandbox import Sandbox
from scoring.signals import redis_connections as connections
from tests.factories.community import Forum


@pytest.fixture
def media_store(embedded_services: None, settings: Any, tmp_path: Path) -> Path:
    """An empty store of files, where a worker with `ASSAY_VAR` at `tmp_path / "var"` looks for them."""
    settings.VAR_DIR = tmp_path / "var"
    store = settings.VAR_DIR / "media"
    disk = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(store)}}
    settings.STORAGES = {**settings.STORAGES, "media": disk}
    return Path(store)


@pytest.fixture
def forum(
    transactional_db: None, online_redis: redis.Redis, media_store: Path
) -> Iterator[Callable[..., Forum]]:
    """`forum(media_pending_outcome="limit")`: a platform with such a key."""
    connections.client.cache_clear()
    keys._remembered.clear()
    rates._counts.clear()
    sandbox = Sandbox()
    yield lambda **bounds: Forum(sandbox, **bounds)
    sandbox.stop()
    keys._remembered.clear()
    rates._counts.clear()
