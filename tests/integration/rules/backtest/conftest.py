"""Events decided by the real lane, for changes to be tried on."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import redis

from scoring.intake.receive import receive_events
from scoring.lanes.lock import held_lane
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from tests.factories.payments import payments

Decide = Callable[..., None]


@pytest.fixture
def decide_payments(
    online_redis: redis.Redis, transactional_db: None, settings: Any, tmp_path: Any
) -> Decide:
    """Receives `count` payments and lets their lane decide them."""
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()

    def decide(count: int, *, start: int = 0, **changes: Any) -> None:
        receive_events(payments(count, start=start, **changes), source="shop", now=datetime.now(UTC))
        with held_lane("commerce"):
            runner = LaneRunner("commerce")
            while runner.step():
                pass

    return decide
