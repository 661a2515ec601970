"""Cases made from entries of the log, without lanes."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import redis

from reviews.console.entity_index import ENTITIES
from reviews.models import Case
from reviews.queue.opening import CASES
from scoring.log.append import append
from scoring.log.consumers.registry import catch_up
from scoring.log.entries import Entry
from scoring.signals import redis_connections as connections
from tests.factories.log import decided, received
from tests.integration.reviews.browsing import browse, review_case  # noqa: F401 - fixtures

DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def consume(*, now: datetime = DAY) -> None:
    catch_up(CASES, now=now)
    catch_up(ENTITIES, now=now)


def review_event(
    external_id: str, *, score: float | None = 0.5, stake: int | None = 10_000, **fields: Any
) -> Entry:
    """A received event and its decision to have it reviewed; gives the receipt."""
    [event] = append([received(external_id, **fields)], now=DAY)
    append([decided(event, outcome="review", score=score, stake=stake)], now=DAY)
    return event


def revise(event: Entry, *, number: int = 1, **data: Any) -> None:
    append([decided(event, revision=number, **{"stake": 10_000, **data})], now=DAY)


@pytest.fixture
def open_case(transactional_db: None, online_redis: redis.Redis) -> Callable[..., Case]:
    """Opens the case of a new event that was sent to review."""
    connections.client.cache_clear()

    def open_case(external_id: str = "T-1", *, now: datetime = DAY, **how: Any) -> Case:
        event = review_event(external_id, **how)
        consume(now=now)
        return Case.objects.get(pk=event.position)

    return open_case
