"""Processes and Redis are killed at seeded points during traffic; no event is lost or decided twice."""

import os
import random
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime

import pytest
import redis
from django.conf import settings

from embedded import services
from scoring.api.keys.issue import create_key
from scoring.decisions.models import Decision
from scoring.intake.models import Event
from scoring.log.read import iter_log
from scoring.replay.service import replay
from scoring.signals import redis_connections as connections
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payment_payload
from tests.faults.deployment import Deployment
from tests.faults.sender import Sender
from tests.faults.settling import wait_until_settled
from tests.integration.lanes.conftest import online_states, rebuilt_states

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS, EVENTS_PER_REQUEST, SENDER_THREADS, KILLS = 5_000, 10, 4, 20


@pytest.fixture
def sender_key() -> str:
    _, key = create_key(
        name="faults",
        source="shop",
        scopes=["events:write", "events:read"],
        now=datetime.now(UTC),
        actor="test",
    )
    return key


@pytest.fixture
def champion(transactional_db: None, online_redis: redis.Redis) -> None:
    promote(train_small_models(30)[0])


@pytest.mark.usefixtures("champion")
def test_kills_of_processes_and_redis_neither_lose_nor_repeat_a_decision(
    deployment: Deployment, sender_key: str
) -> None:
    received_before = Event.objects.count()
    seeded = random.Random(20260301)
    requests = [
        [payment_payload(number) for number in range(start, start + EVENTS_PER_REQUEST)]
        for start in range(0, EVENTS, EVENTS_PER_REQUEST)
    ]
    traffic = Traffic(requests, deployment, sender_key)
    kills = sorted(seeded.sample(range(20, len(requests) - 20), KILLS))  # requests follow the last one
    redis_killed_after = kills[KILLS // 2] + 1
    deployment.start()

    traffic.start()
    for point in sorted([*kills, redis_killed_after]):
        traffic.wait_until(point)
        if point == redis_killed_after:
            kill_redis()
        else:
            kill_random_process(deployment, seeded)
    traffic.join()
    wait_until_settled()

    assert Event.objects.count() == received_before + EVENTS
    first = Counter(entry.stream for entries in iter_log(types=["decision.made"]) for entry in entries)
    assert len(first) == EVENTS
    assert set(first.values()) == {1}
    assert Decision.objects.filter(revision=0).count() == EVENTS
    # The model has decided every event in the end, including those that the failure policy decided first.
    by_model = Decision.objects.filter(basis="model").values("event_position").distinct()
    assert by_model.count() == EVENTS
    assert online_states() == rebuilt_states()
    again = replay("payment", since=datetime(2000, 1, 1, tzinfo=UTC), until=datetime.now(UTC))
    assert again.first == []
    assert again.identical == again.decisions == Decision.objects.count()


class Traffic(threading.Thread):
    """Sends requests from several threads and counts the responses."""

    def __init__(self, requests: list[list[dict[str, object]]], deployment: Deployment, key: str) -> None:
        super().__init__(daemon=True)
        self.waiting = list(enumerate(requests))[::-1]
        self.sender = Sender(deployment.url, key)
        self.answered = 0
        self.refused: list[object] = []
        self.changed = threading.Condition()

    def run(self) -> None:
        threads = [threading.Thread(target=self._send, daemon=True) for _ in range(SENDER_THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def wait_until(self, answered: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.answered >= answered, timeout=300)

    def _send(self) -> None:
        while self.waiting:
            number, events = self.waiting.pop()
            # Every third request waits for its decisions; the others do not.
            prefer = "wait=2" if number % 3 == 0 else "respond-async"
            status, body = self.sender.post("/api/v1/events", events, prefer=prefer)
            with self.changed:
                self.answered += 1
                if status >= 400:
                    self.refused.append(body)
                self.changed.notify_all()

    def join(self, timeout: float | None = None) -> None:
        super().join(timeout)
        assert not self.refused, self.refused[0]


def kill_random_process(deployment: Deployment, seeded: random.Random) -> None:
    victim = seeded.choice(["web", "worker", "worker parent", "worker child", "background"])
    if victim == "worker child":
        deployment.kill_child("worker")
        return
    name = victim.split()[0]
    deployment.kill_parent(name) if victim == "worker parent" else deployment.kill(name)
    deployment.start(name)


def kill_redis() -> None:
    os.kill(connections.client().info("server")["process_id"], signal.SIGKILL)
    time.sleep(0.5)
    services.start(settings.VAR_DIR, names=("redis",))
