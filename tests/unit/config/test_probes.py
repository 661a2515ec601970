"""Results of readiness checks: what stands while a check, or another one, takes its time."""

import time
from collections.abc import Iterator
from threading import Event

import pytest

from config.status import probes
from config.status.probes import Probe

HANGING = "The server does not answer."


@pytest.fixture
def gate() -> Iterator[Event]:
    """Lets the checks of a probe finish."""
    opened = Event()
    yield opened
    opened.set()


def soon() -> float:
    return time.monotonic() + 10


def at_once() -> float:
    return time.monotonic()


def test_a_result_that_was_recent_at_the_start_stands_while_other_checks_take_their_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    probe = Probe({"redis": lambda: "ok"}, hanging=HANGING)
    probe.start()
    assert probe.answers(until=soon()) == {"redis": "ok"}
    probe.start()  # recent: no second run
    monkeypatch.setattr(probes, "CACHED_SECONDS", 0.0)  # meanwhile the result of this one expires
    assert probe.answers(until=at_once()) == {"redis": "ok"}


@pytest.mark.parametrize(("kept_seconds", "said"), [(0.0, HANGING), (60.0, "ok")])
def test_the_former_result_stands_for_a_slow_check_only_where_it_is_kept(
    gate: Event, monkeypatch: pytest.MonkeyPatch, kept_seconds: float, said: str
) -> None:
    monkeypatch.setattr(probes, "CACHED_SECONDS", 0.0)
    gate.set()
    probe = Probe(
        {"models": lambda: "ok" if gate.wait(10) else ""}, hanging=HANGING, kept_seconds=kept_seconds
    )
    probe.start()
    assert probe.answers(until=soon()) == {"models": "ok"}
    gate.clear()
    probe.start()
    assert probe.answers(until=at_once()) == {"models": said}
    gate.set()
    assert probe.answers(until=soon()) == {"models": "ok"}


def test_a_check_that_never_answered_is_hanging(gate: Event) -> None:
    probe = Probe({"models": lambda: "ok" if gate.wait(10) else ""}, hanging=HANGING, kept_seconds=60.0)
    probe.start()
    assert probe.answers(until=at_once()) == {"models": HANGING}
