from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis

from scoring.api.keys import issue as keys
from scoring.api.keys.requests import FOR_KEYS, SCOPES
from scoring.api.media import rates
from tests.factories.media import Uploads


@pytest.fixture(autouse=True)
def media_store(embedded_services: None, settings: Any, tmp_path: Path) -> Iterator[Path]:
    """An empty store of files, in a directory of its own; nothing is remembered of other tests."""
    store = tmp_path / "media"
    disk = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(store)}}
    settings.STORAGES = {**settings.STORAGES, "media": disk}
    settings.VAR_DIR = tmp_path / "var"
    keys._remembered.clear()
    rates._counts.clear()
    yield store
    keys._remembered.clear()
    rates._counts.clear()


@pytest.fixture
def uploads_with(db: None, online_redis: redis.Redis) -> Callable[..., Uploads]:
    """`uploads_with("events:read", source="forum")`: a sender with these scopes, or all."""

    def make(*scopes: str, source: str = "forum", **bounds: Any) -> Uploads:
        given = scopes or tuple(SCOPES)
        if "labels:write" in given:
            bounds = {"label_sources": FOR_KEYS} | bounds
        _, key = keys.create_key(
            name="test", source=source, scopes=given, now=datetime.now(UTC), actor="test", **bounds
        )
        return Uploads(key)

    return make


@pytest.fixture
def uploads(uploads_with: Callable[..., Uploads]) -> Uploads:
    return uploads_with()
