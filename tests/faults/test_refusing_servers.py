"""Redis refuses writes for a while, as with a full disk: no process ends, and all recover on their own."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from itertools import count

import pytest
import redis
from django.conf import settings

from embedded.paths import service_paths
from scoring.api.keys.issue import create_key
from scoring.decisions.models import Decision
from scoring.log.models import ConsumerCursor
from tests.factories.payments import payment_payload
from tests.faults.deployment import Deployment
from tests.faults.sender import Sender
from tests.faults.settling import wait_until_settled
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

REFUSED_SECONDS = 8.0  # long enough for every process to notice more than once
SECONDS = 90  # timeout of each wait

Refusing = Callable[[redis.Redis], AbstractContextManager[None]]


@contextmanager
def full_memory(server: redis.Redis) -> Iterator[None]:
    server.config_set("maxmemory", "1000000")
    yield
    server.config_set("maxmemory", "0")


@contextmanager
def too_few_replicas(server: redis.Redis) -> Iterator[None]:
    server.config_set("min-replicas-to-write", "1")
    yield
    server.config_set("min-replicas-to-write", "0")


@contextmanager
def unwritable_disk(server: redis.Redis) -> Iterator[None]:
    """Snapshots fail because a directory has the file's name: MISCONF, as with a full disk."""
    usual = server.config_get("dbfilename")["dbfilename"]
    obstacle = service_paths(settings.VAR_DIR).redis / "obstacle.rdb"
    obstacle.mkdir()
    server.config_set("dbfilename", obstacle.name)
    server.config_set("save", "3600 1000000")  # without snapshots a failed one is nothing to it
    server.bgsave()
    wait_until(lambda: server.info("persistence")["rdb_last_bgsave_status"] == "err")
    yield
    server.config_set("dbfilename", usual)
    server.config_set("save", "")
    obstacle.rmdir()


@pytest.fixture(scope="module")
def deployment(shared_deployment: Deployment) -> Deployment:
    shared_deployment.start()
    return shared_deployment


@pytest.fixture(scope="module")
def sender(deployment: Deployment) -> Sender:
    scopes = ["events:write", "events:read"]
    key = create_key(name="faults", source="shop", scopes=scopes, now=datetime.now(UTC), actor="test")[1]
    return Sender(deployment.url, key)


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return count()


@pytest.mark.parametrize("refusing", [full_memory, too_few_replicas, unwritable_disk])
def test_processes_survive_a_redis_that_refuses_writes(
    deployment: Deployment, sender: Sender, numbers: Iterator[int], refusing: Refusing
) -> None:
    def decide_next() -> str:
        payload = payment_payload(next(numbers))
        _, event = sender.post("/api/v1/events", payload, prefer="wait=3, on_timeout=fallback")
        return str(event["decision"]["basis"])

    def count_decided() -> int:
        return Decision.objects.filter(basis="no_model").count()

    wait_until(lambda: decide_next() == "no_model", seconds=SECONDS)
    wait_until_settled()
    before = count_decided()

    with redis.Redis.from_url(settings.REDIS_URL) as server, refusing(server):
        ends, rounds = time.monotonic() + REFUSED_SECONDS, 0
        while time.monotonic() < ends:
            payload = payment_payload(next(numbers))
            assert sender.post("/api/v1/events", payload, prefer="respond-async")[0] == 202
            assert decide_next() == "fallback"
            rounds += 1
            time.sleep(0.3)
    relieved = datetime.now(UTC)

    assert ended(deployment) == set()
    wait_until_settled()
    assert decide_next() == "no_model"
    assert count_decided() >= before + 2 * rounds
    wait_until(lambda: ConsumerCursor.objects.filter(updated_at__gt=relieved).exists(), seconds=SECONDS)
    assert ended(deployment) == set()


def ended(deployment: Deployment) -> set[str]:
    return {name for name, process in deployment.running.items() if process.poll() is not None}
