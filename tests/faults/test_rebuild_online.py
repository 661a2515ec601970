"""Online states are rebuilt during traffic, through kills and reordering, to exactly what the log gives."""

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from scoring.api.keys.issue import create_key
from scoring.decisions.models import Decision
from scoring.lanes.order import read_head
from scoring.log.read import iter_log
from scoring.replay.service import replay
from tests.factories.payments import payment_payload
from tests.faults.deployment import Deployment
from tests.faults.sender import Sender
from tests.faults.settling import SETTLE_SECONDS, wait_until_settled
from tests.faults.test_kills import EVENTS_PER_REQUEST
from tests.integration.lanes.conftest import LANE, online_states, rebuilt_states
from tests.integration.lanes.test_history import add_history
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

HISTORY_EVENTS = 400
# A rebuild that is killed after writing its states and before switching to them.
KILLED_REBUILD = """
import os, signal
import django
django.setup()
from scoring.states.rebuild import rebuild_lane

class Kill:
    def begin(self, step, *, total=None):
        if step == "catching up with the lane":
            os.kill(os.getpid(), signal.SIGKILL)

    def advance(self, count):
        pass

rebuild_lane("commerce", watch=Kill())
"""


def test_an_online_rebuild_during_traffic_loses_repeats_and_changes_nothing(deployment: Deployment) -> None:
    key = create_key(
        name="faults",
        source="shop",
        scopes=["events:write", "events:read"],
        now=datetime.now(UTC),
        actor="test",
    )[1]
    deployment.start()
    traffic = Traffic(deployment, key)
    traffic.start()

    with start(deployment, "-c", KILLED_REBUILD) as killed:
        assert killed.wait() == -signal.SIGKILL
    assert "was paused for" in rebuild(deployment)
    add_history(
        range(HISTORY_EVENTS), labels={number: timedelta(days=1) for number in range(0, HISTORY_EVENTS, 9)}
    )
    assert "in a new order" in rebuild(deployment)
    traffic.send_more()
    events = traffic.end()
    wait_until_settled()

    assert read_head(LANE).order > 0
    first = Counter(entry.stream for entries in iter_log(types=["decision.made"]) for entry in entries)
    assert len(first) == events > 0
    assert set(first.values()) == {1}
    assert online_states() == rebuilt_states()
    again = replay("payment", since=datetime(2000, 1, 1, tzinfo=UTC), until=datetime.now(UTC))
    assert again.first == []
    assert again.identical == again.decisions == Decision.objects.count()


class Traffic(threading.Thread):
    """Sends ten payments at a time and waits for their decisions, until ended."""

    def __init__(self, deployment: Deployment, key: str) -> None:
        super().__init__(daemon=True)
        self.sender = Sender(deployment.url, key)
        self.ended = threading.Event()
        self.sent = 0
        self.refused: list[object] = []

    def run(self) -> None:
        while not self.ended.is_set():
            numbers = range(HISTORY_EVENTS + self.sent, HISTORY_EVENTS + self.sent + EVENTS_PER_REQUEST)
            events = [payment_payload(number) for number in numbers]
            status, body = self.sender.post("/api/v1/events", events, prefer="wait=2")
            self.sent += len(events)
            if status >= 400:
                self.refused.append(body)

    def send_more(self) -> None:
        """Wait until a request that begins now is answered, so that a killed holder has a successor."""
        enough = self.sent + 2 * EVENTS_PER_REQUEST  # the first may have begun before
        wait_until(lambda: self.sent >= enough, seconds=SETTLE_SECONDS)

    def end(self) -> int:
        """Stop sending; returns the number of events sent."""
        self.ended.set()
        self.join()
        assert not self.refused, self.refused[0]
        return self.sent


def rebuild(deployment: Deployment) -> str:
    """The output of `manage.py rebuild --online`, run while workers are being killed."""
    with start(deployment, "manage.py", "rebuild", "--online", "--lane", LANE) as process:
        while process.poll() is None:
            time.sleep(2)
            deployment.kill_child("worker")
        output, errors = process.communicate()
    assert process.returncode == 0, errors
    return output


def start(deployment: Deployment, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=deployment.environment,
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
