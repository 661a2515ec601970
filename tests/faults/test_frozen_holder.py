"""The process that holds a lane is frozen: another takes the lane, and what wakes up later writes nothing."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import psutil
import pytest

from scoring.api.keys.issue import create_key
from scoring.decisions.models import Decision
from scoring.log.read import iter_log
from scoring.replay.service import replay
from scoring.signals import heartbeat
from scoring.signals import redis_connections as connections
from tests.factories.payments import payment_payload
from tests.faults.freezing import frozen
from tests.faults.house import House
from tests.faults.sender import Sender
from tests.faults.test_kills import wait_until_settled
from tests.integration.lanes.conftest import LANE, online_states, rebuilt_states
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

TAKEN_WITHIN_SECONDS = 5.0
SLACK_SECONDS = 5.0  # of a machine that does much else beside the tests
START_SECONDS = 90


@pytest.fixture
def send(house: House) -> Callable[[], str]:
    """Sends one payment, and says on what its decision rests."""
    scopes = ["events:write", "events:read"]
    key = create_key(name="faults", source="shop", scopes=scopes, now=datetime.now(UTC), actor="test")[1]
    house.commands["other"] = house.commands["worker"].replace("worker@", "other@")
    house.start("worker", "other", "beat", "web")
    sender, numbers = Sender(house.url, key), iter(range(100_000))

    def send() -> str:
        _, event = sender.post(
            "/api/v1/events", payment_payload(next(numbers)), prefer="wait=0.4, on_timeout=fallback"
        )
        return str(event["decision"]["basis"])

    wait_until(lambda: send() == "no_model", seconds=START_SECONDS)
    return send


def holder_process() -> psutil.Process:
    return psutil.Process(int(str(heartbeat.last_beat(LANE)).split(":")[0]))


def only_the_holder(house: House) -> list[psutil.Process]:
    return [holder_process()]


def its_whole_worker(house: House) -> list[psutil.Process]:
    holder = holder_process()
    parents = [psutil.Process(house.running[name].pid) for name in ("worker", "other")]
    parent = next(parent for parent in parents if holder in parent.children(recursive=True))
    return [parent, *parent.children(recursive=True)]


@pytest.mark.parametrize("victims", [only_the_holder, its_whole_worker])
def test_a_lane_is_taken_from_a_frozen_holder_which_decides_nothing_twice(
    house: House, send: Callable[[], str], victims: Callable[[House], list[psutil.Process]]
) -> None:
    before = holder_process().pid
    with frozen(victims(house)):
        began = time.monotonic()
        wait_until(lambda: send() == "no_model" and holder_process().pid != before, seconds=60)
        taken_after = time.monotonic() - began
        for _ in range(20):
            send()
    for _ in range(20):
        send()
    wait_until_settled(house)

    assert taken_after < TAKEN_WITHIN_SECONDS + SLACK_SECONDS
    first = Counter(entry.stream for entries in iter_log(types=["decision.made"]) for entry in entries)
    assert set(first.values()) == {1}
    connections.client.cache_clear()
    assert online_states() == rebuilt_states()
    again = replay("payment", since=datetime(2000, 1, 1, tzinfo=UTC), until=datetime.now(UTC))
    assert again.first == []
    assert again.identical == again.decisions == Decision.objects.count()
