"""A lane with two approved models, the first of which is the champion."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import redis

from experiments.design.interruptions import INTERRUPTIONS
from experiments.design.lifecycle import start_experiment
from experiments.results.exposures import EXPOSURES
from scoring.log.consumers.registry import catch_up
from scoring.log.models import ConsumerCursor
from scoring.signals import redis_connections as connections
from tests.factories.models import approved, promote, train_small_models
from tests.integration.lanes.conftest import send, work

__all__ = ["send", "work"]

BEGIN: dict[str, Any] = {
    "event_type": "payment",
    "share": 0.5,
    "name": "more-trees",
    "hypothesis": "More trees block fewer good payments.",
    "primary_metric": "block_rate",
    "actor": "user/dana",
}


@pytest.fixture(autouse=True)
def _client_of_this_test() -> None:
    connections.client.cache_clear()


@pytest.fixture
def models(online_redis: redis.Redis, transactional_db: None, settings: Any, tmp_path: Any) -> list[str]:
    """Two approved versions; the first decides."""
    settings.VAR_DIR = tmp_path / "var"
    champion, other = train_small_models(15, 25)
    promote(champion)
    return [champion, approved(other)]


@pytest.fixture
def start(models: list[str]) -> Callable[..., Any]:
    """Start an experiment of the second model against the first."""

    def start(**changes: Any) -> Any:
        return start_experiment(**(BEGIN | {"treatment": models[1], "now": datetime.now(UTC)} | changes))

    return start


def follow_log() -> None:
    """What the scheduler does every few seconds."""
    for consumer in (EXPOSURES, INTERRUPTIONS):
        catch_up(consumer, now=datetime.now(UTC))
    assert not ConsumerCursor.objects.exclude(error="").exists()
