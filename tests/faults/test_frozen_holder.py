"""A frozen lane holder is replaced by another process and writes nothing after it resumes."""

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
from tests.factories.payments import payment_payload
from tests.faults.deployment import Deployment
from tests.faults.freezing import frozen
from tests.faults.sender import Sender
from tests.faults.settling import wait_until_settled
from tests.integration.lanes.conftest import LANE, online_states, rebuilt_states
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

TAKEN_WITHIN_SECONDS = 5.0
SLACK_SECONDS = 5.0  # allows for a busy test machine
START_SECONDS = 90


@pytest.fixture(scope="module")
def deployment(shared_deployment: Deployment) -> Deployment:
    """Two workers, either of which takes the lane."""
    shared_deployment.commands["other"] = shared_deployment.commands["worker"].replace("worker@", "other@")
    shared_deployment.start("worker", "other", "beat", "web")
    return shared_deployment


@pytest.fixture(scope="module")
def send(deployment: Deployment) -> Callable[[], str]:
    """Sends one payment and returns the basis of its decision."""
    scopes = ["events:write", "events:read"]
    key = create_key(name="faults", source="shop", scopes=scopes, now=datetime.now(UTC), actor="test")[1]
    sender, numbers = Sender(deployment.url, key), iter(range(100_000))

    def send() -> str:
        _, event = sender.post(
            "/api/v1/events", payment_payload(next(numbers)), prefer="wait=0.4, on_timeout=fallback"
        )
        return str(event["decision"]["basis"])

    return send


def holder_process() -> psutil.Process:
    return psutil.Process(int(str(heartbeat.last_beat(LANE)).split(":")[0]))


def holder_only(deployment: Deployment) -> list[psutil.Process]:
    return [holder_process()]


def whole_worker(deployment: Deployment) -> list[psutil.Process]:
    holder = holder_process()
    parents = [psutil.Process(deployment.running[name].pid) for name in ("worker", "other")]
    parent = next(parent for parent in parents if holder in parent.children(recursive=True))
    return [parent, *parent.children(recursive=True)]


@pytest.mark.parametrize("victims", [holder_only, whole_worker])
def test_another_process_takes_a_frozen_holders_lane_and_nothing_is_decided_twice(
    deployment: Deployment, send: Callable[[], str], victims: Callable[[Deployment], list[psutil.Process]]
) -> None:
    wait_until(lambda: send() == "no_model", seconds=START_SECONDS)
    before = holder_process().pid
    with frozen(victims(deployment)):
        began = time.monotonic()
        wait_until(lambda: send() == "no_model" and holder_process().pid != before, seconds=60)
        taken_after = time.monotonic() - began
        for _ in range(20):
            send()
    for _ in range(20):
        send()
    wait_until_settled()

    assert taken_after < TAKEN_WITHIN_SECONDS + SLACK_SECONDS
    first = Counter(entry.stream for entries in iter_log(types=["decision.made"]) for entry in entries)
    assert set(first.values()) == {1}
    assert online_states() == rebuilt_states()
    again = replay("payment", since=datetime(2000, 1, 1, tzinfo=UTC), until=datetime.now(UTC))
    assert again.first == []
    assert again.identical == again.decisions == Decision.objects.count()
