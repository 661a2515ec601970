"""Each process of the Procfile is killed during traffic; it is restarted, and no event is lost."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from config.processes.running import procfile_programs
from scoring.lanes.models import Pending
from scoring.log.read import iter_log
from scoring.replay.service import replay
from scoring.signals import redis_connections as connections
from serving.listening import listen
from supervision.record import read_record
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payment_payload
from tests.faults.sender import Sender
from tests.faults.test_kills import sender_key  # noqa: F401 (a fixture)
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS_PER_KILL = 20
TIMEOUT_SECONDS = 120


class Supervised:
    def __init__(self, environment: dict[str, str], var: Path) -> None:
        self.var = var
        with listen("127.0.0.1", 0) as free:
            self.port = free.getsockname()[1]
            self.names = [program.name for program in procfile_programs({}, listener=free)]
        own = {"ASSAY_VAR": str(var), "ASSAY_PORT": str(self.port), "ASSAY_HTTPS": "0"}
        with (var / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.supervised"],
                env=environment | own,
                cwd=settings.BASE_DIR,
                stdout=log,
                stderr=log,
            )
        wait_until(self.is_complete, seconds=TIMEOUT_SECONDS, seen=(var / "log").read_text)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def pid(self, name: str) -> int:
        return read_record(self.var).running.get(name, (0, 0.0))[0]

    def is_complete(self) -> bool:
        return all(self.pid(name) for name in self.names)


@pytest.fixture
def supervised(
    process_environment: dict[str, str], online_redis: object, tmp_path: Path
) -> Iterator[Supervised]:
    promote(train_small_models(30)[0])
    running = Supervised(process_environment, tmp_path)
    yield running
    running.process.terminate()
    running.process.wait(60)


def test_every_killed_process_restarts_and_no_event_is_lost(
    supervised: Supervised,
    sender_key: str,  # noqa: F811
) -> None:
    sender, number = Sender(supervised.url, sender_key), 0

    def send() -> None:
        nonlocal number
        status, body = sender.post("/api/v1/events", payment_payload(number), prefer="wait=2")
        assert status < 300, body
        number += 1

    for name in supervised.names:
        killed = supervised.pid(name)
        for count in range(EVENTS_PER_KILL):
            if count == EVENTS_PER_KILL // 2:
                os.kill(killed, signal.SIGKILL)
            send()
        wait_until(lambda: supervised.pid(name) not in (0, killed), seconds=TIMEOUT_SECONDS)  # noqa: B023
    wait_until(lambda: not Pending.objects.exclude(state="history").exists(), seconds=TIMEOUT_SECONDS)

    assert [each.name for each in read_record(supervised.var).exits] == supervised.names
    first = Counter(entry.stream for entries in iter_log(types=["decision.made"]) for entry in entries)
    assert len(first) == number
    assert set(first.values()) == {1}
    connections.client.cache_clear()
    again = replay("payment", since=datetime(2000, 1, 1, tzinfo=UTC), until=datetime.now(UTC))
    assert again.first == []
    assert again.identical == again.decisions


def test_stopping_the_supervisor_ends_every_process(supervised: Supervised) -> None:
    supervisor = psutil.Process(supervised.process.pid)
    wait_until(lambda: len(supervisor.children(recursive=True)) > len(supervised.names))  # some have children
    processes = supervisor.children(recursive=True)
    supervised.process.send_signal(signal.SIGHUP)  # a closed terminal
    assert supervised.process.wait(60) == 0
    _, alive = psutil.wait_procs(processes, timeout=5)
    assert alive == []


def test_a_killed_supervisor_leaves_no_process_behind(supervised: Supervised) -> None:
    processes = psutil.Process(supervised.process.pid).children(recursive=True)
    supervised.process.kill()
    _, alive = psutil.wait_procs(processes, timeout=60)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
