"""A lane processed step by step, in the test's process, on real PostgreSQL and Redis."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import redis

from scoring.decisions.deciding_models import load_deciding_models
from scoring.features.compile.plan import lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import encode
from scoring.features.folding.fold import fold
from scoring.intake.receive import Receipt, Submission, receive_events
from scoring.lanes.lock import held_lane
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from scoring.states.store import OnlineStore
from tests.factories.lane_items import iter_lane_items

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
        return receive_events(submissions, source="shop", now=datetime.now(UTC), **how)

    return send


def without_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the due model unavailable: each decision is to be revised later."""

    def take(name: str, route: Any) -> Any:
        deciding = load_deciding_models(name, route)
        return replace(deciding, champion=replace(deciding.champion, cause="model_unavailable"))

    monkeypatch.setattr("scoring.runner.lane_runner.load_deciding_models", take)


def online_states() -> dict[str, bytes]:
    return OnlineStore(LANE, lane_plan(LANE, vocabularies={}).layout_id).states()


def rebuilt_states() -> dict[str, bytes]:
    """The states after folding the log item by item."""
    plan = lane_plan(LANE, vocabularies={})
    arena = Arena(plan)
    for chunk in iter_lane_items(LANE):
        fold(plan, encode(plan, chunk.items), arena)
    return arena.blobs()


@pytest.fixture(autouse=True)
def _client_of_this_test() -> None:
    connections.client.cache_clear()
