"""Models that read texts, trained on a forum's comments."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis

from scoring.intake.receive import receive_events
from scoring.lanes.lock import held_lane
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import TrainingRun, run_training
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.registry import loaded_models
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from scoring.timestamps import to_iso
from tests.factories.catalog import catalog_with
from tests.factories.forum import START, comments, load_comments
from tests.factories.payments import submission

TRAINED_AT = START + timedelta(days=30)
Decide = Callable[..., Entry]


@pytest.fixture(autouse=True)
def catalog(online_redis: redis.Redis, settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()
    loaded_models.load_model.cache_clear()
    with catalog_with("tests.factories.comments"):
        yield
    loaded_models.load_model.cache_clear()


def train(**changes: Any) -> TrainingRun:
    config = TrainingConfig(**{"trees": 30, "minimum_positives": 8, **changes})
    request = TrainingRequest("comment", as_of=TRAINED_AT)
    return run_training(request, config=config, actor="tests", now=TRAINED_AT)


@pytest.fixture
def trained() -> TrainingRun:
    """A version trained on 1,500 comments of ten days."""
    load_comments(comments(1_500), now=TRAINED_AT)
    return train()


@pytest.fixture
def decide(online_redis: redis.Redis) -> Decide:
    """`decide("C-1", "subscribe to my channel")` sends a comment and returns the entry of its decision."""

    def send(comment_id: str, text: str | None, *, author: str = "ann") -> Entry:
        now = datetime.now(UTC)
        payload = {"type": "comment", "id": comment_id, "occurred_at": to_iso(now), "author": author}
        payload |= {"text": text} if text is not None else {}
        receive_events([submission(payload)], source="forum", now=now)
        work()
        return read_stream(f"comment/forum/{comment_id}")[-1]

    return send


def work() -> None:
    with held_lane("comments"):
        runner = LaneRunner("comments")
        while runner.step():
            pass
