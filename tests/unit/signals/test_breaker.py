"""A server that failed to answer is not used until a probe is answered."""

from threading import Event

import pytest

from scoring.signals import breaker
from scoring.signals.breaker import Breaker
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "PROBE_SECONDS", 0.01)


def test_a_server_is_not_used_from_its_failure_until_a_probe_succeeds() -> None:
    back = Event()

    def probe() -> None:
        if not back.is_set():
            raise OSError("away")

    server = Breaker("server", probe)
    assert not server.is_open
    server.trip()
    assert server.is_open
    back.set()
    wait_until(lambda: not server.is_open)


def test_a_failure_of_a_single_command_does_not_affect_others() -> None:
    probed = Event()
    server = Breaker("server", probed.set, grace=60.0)
    server.trip()
    assert not server.is_open
    assert probed.wait(10.0)
