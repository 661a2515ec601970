"""A lane processed step by step, in the test's process, on real PostgreSQL and Redis."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import redis

from scoring.decisions.failure_policy import decide_without_lane
from scoring.decisions.predictions.deciding_models import load_deciding_models
from scoring.intake.receive import Receipt, Submission, receive_events
from scoring.lanes.lock import held_lane
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from tests.lane_states import LaneStates, fold_log, read_online_states

LANE = "commerce"


@pytest.fixture
def work(transactional_db: None, online_redis: redis.Redis) -> Callable[[], LaneRunner]:
    """Process everything that is pending; returns the runner that did."""

    def work() -> LaneRunner:
        with held_lane(LANE) as held:
            assert held
            runner = LaneRunner(LANE)
            while runner.step():
                pass
        return runner

    return work


@pytest.fixture
def send(transactional_db: None, online_redis: redis.Redis) -> Callable[..., list[Receipt]]:
    def send(submissions: list[Submission], **how: object) -> list[Receipt]:
        now = datetime.now(UTC)
        return receive_events(submissions, source="shop", now=now, failure_policy=decide_without_lane, **how)

    return send


def without_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the due model unavailable: each decision is to be revised later."""

    def take(name: str, route: Any) -> Any:
        deciding = load_deciding_models(name, route)
        return replace(deciding, champion=replace(deciding.champion, cause="model_unavailable"))

    monkeypatch.setattr("scoring.runner.lane_runner.load_deciding_models", take)


def online_states() -> LaneStates:
    return read_online_states(LANE)


def rebuilt_states() -> LaneStates:
    """The states after folding the log item by item."""
    return fold_log(LANE)


@pytest.fixture(autouse=True)
def _client_of_this_test() -> None:
    connections.client.cache_clear()
