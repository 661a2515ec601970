"""A lane of sales, worked by hand at moments of the test's choosing, on real PostgreSQL and Redis."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import pytest
import redis

from scoring.batch.publishing import publish
from scoring.features.compile.plan import lane_plan
from scoring.features.logged_vectors import unpack_vectors
from scoring.intake.receive import receive_events, received_entry
from scoring.lanes import queue as pending
from scoring.lanes.lock import held_lane
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.log.writing.bulk import append_bulk
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from scoring.states.history import sequence_history
from tests.factories import sales as catalog
from tests.factories.catalog import catalog_with
from tests.factories.payments import submission
from tests.factories.sales import DAY, HOUR, NOON, Sale, sale, sales

LANE = "sales"


@pytest.fixture(autouse=True)
def _sales_in_the_catalog() -> Iterator[None]:
    connections.client.cache_clear()
    with catalog_with(catalog.__name__):
        yield


class Shop:
    """What happens to sales. Every call is at a moment, and whatever comes is decided at once."""

    def __init__(self) -> None:
        self.count = 0

    def load_history(self, count: int = 240) -> None:
        """Eight days of sales up to two hours before NOON, loaded an hour later."""
        step = 8 * DAY / count
        events = [
            submission(sale(number, at=NOON - 2 * HOUR - 8 * DAY + number * step)) for number in range(count)
        ]
        entries = [received_entry(event, source="shop", history=True) for event in events]
        pending.enqueue_history(append_bulk(entries, now=NOON - HOUR), lane=LANE, now=NOON - HOUR)
        sequence_history(LANE)
        self.count = count

    def receive(
        self, count: int, *, at: datetime, occurred: datetime | None = None, **changes: object
    ) -> list[int]:
        """Live sales that are received at this moment; gives their numbers."""
        numbers = list(range(self.count, self.count + count))
        events = sales(count, start=self.count, at=occurred or at, **changes)
        receive_events(events, source="shop", now=at)
        self.count += count
        return numbers

    def runner(self) -> LaneRunner:
        return LaneRunner(LANE)

    def step(self, runner: LaneRunner) -> None:
        """Let this runner decide everything that waits."""
        with held_lane(LANE) as held:
            assert held
            while runner.step():
                pass

    def work(self) -> None:
        """Let a new runner decide everything that waits."""
        self.step(self.runner())

    def sell(self, count: int, *, at: datetime, **changes: object) -> list[int]:
        """Live sales, decided."""
        numbers = self.receive(count, at=at, **changes)
        self.work()
        return numbers


@pytest.fixture
def shop(transactional_db: None, online_redis: redis.Redis, settings, tmp_path) -> Shop:
    settings.OFFLINE_URL = str(tmp_path / "offline")
    made = Shop()
    made.load_history()
    return made


def publish_all(*, at: datetime) -> list[int]:
    """Publish what is due of every view; gives the numbers of the versions."""
    versions = [publish(view, now=at) for view in Sale.batch_views.values()]
    return [version.number for version in versions if version]


def decisions(numbers: Sequence[int]) -> list[Entry]:
    """The first decision on each of these sales."""
    return [read_stream(f"sale/shop/S-{number}")[1] for number in numbers]


def vector_of(entry: Entry) -> dict[str, float]:
    """What a decision logged, by feature."""
    names = lane_plan(LANE).feature_set("sale").names
    return dict(zip(names, unpack_vectors(entry.packed or b"", width=len(names))[0].tolist(), strict=True))


BATCH_FEATURES = ("habits_sales", "amount_to_habits_typical", "taste_affinity", "rush_ratio", "rush_count")


def batch_values(entry: Entry) -> list[float]:
    """What a decision logged of the features that read batch views."""
    vector = vector_of(entry)
    return [vector[name] for name in BATCH_FEATURES]
