from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import redis
from django.http import HttpResponse
from django.test import Client

from scoring.api.keys import issue as keys
from scoring.api.keys import refusals
from scoring.api.keys import use as key_use
from scoring.api.keys.requests import FOR_KEYS, SCOPES
from scoring.decisions.simulation.tasks import run_simulation
from scoring.intake import admission
from scoring.lanes import held_labels

ALL_SCOPES = tuple(SCOPES)
MakeKey = Callable[..., str]


def forget() -> None:
    keys._remembered.clear()
    refusals._counts.clear()
    key_use._written.clear()
    key_use._unwritten.clear()
    held_labels._counted.clear()
    admission._counted.clear()


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """Cached keys and counts of rolled-back tests must not be used."""
    forget()
    yield
    forget()


@pytest.fixture
def simulating(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulations run where they are asked for, as there is no worker."""
    monkeypatch.setattr(run_simulation, "apply_async", lambda args, **options: run_simulation(*args))


@pytest.fixture
def make_key(db: None) -> MakeKey:
    """`make_key("events:read", source="shop")` returns a new key with these scopes, or all."""

    def make(*scopes: str, source: str = "shop", **bounds: Any) -> str:
        scopes = scopes or ALL_SCOPES
        if "labels:write" in scopes:
            bounds = {"label_sources": FOR_KEYS} | bounds
        now = datetime.now(UTC)
        _, key = keys.create_key(name="test", source=source, scopes=scopes, now=now, actor="test", **bounds)
        return key

    return make


class Api:
    """The API as a sender uses it: `api.post("events", {...}, prefer="wait=0.1")`."""

    def __init__(self, key: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {key}"} if key else {})

    def post(self, path: str, body: Any, *, prefer: str = "respond-async", **headers: str) -> HttpResponse:
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        return self.client.post(
            f"/api/v1/{path}", content, content_type="application/json", headers={"Prefer": prefer, **headers}
        )

    def get(self, path: str) -> HttpResponse:
        return self.client.get(f"/api/v1/{path}")


@pytest.fixture
def api(make_key: MakeKey, online_redis: redis.Redis) -> Api:
    """A sender with every scope, of the source `shop`."""
    return Api(make_key())


@pytest.fixture
def api_with(make_key: MakeKey, online_redis: redis.Redis) -> Callable[..., Api]:
    """A sender with the given scopes."""

    def make(*scopes: str, source: str = "shop", **bounds: Any) -> Api:
        return Api(make_key(*scopes, source=source, **bounds))

    return make
