"""Test sessions with one directory: none stops the services while another uses them."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from embedded import services
from embedded.services import ServiceState
from tests.shared_services import shared_services


class Recorded:
    """Services that only say whether they run."""

    def __init__(self, *running: str) -> None:
        self.running = set(running)

    def status(self, var: Path) -> list[ServiceState]:
        return [ServiceState(name, name in self.running, "") for name in services.ALL]

    def start(self, var: Path, *, names: tuple[str, ...]) -> None:
        self.running |= set(names)

    def stop(self, var: Path, *, names: tuple[str, ...]) -> None:
        self.running -= set(names)


def recorded(patch: pytest.MonkeyPatch, *running: str) -> Recorded:
    made = Recorded(*running)
    for name in ("status", "start", "stop"):
        patch.setattr(services, name, getattr(made, name))
    return made


def test_the_session_that_started_them_leaves_them_to_one_that_still_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = recorded(monkeypatch)
    first, second = ExitStack(), ExitStack()
    first.enter_context(shared_services(tmp_path))
    second.enter_context(shared_services(tmp_path))
    first.close()
    assert made.running == set(services.ALL)
    second.close()
    assert made.running == set()


def test_services_that_ran_before_are_not_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = recorded(monkeypatch, "postgres")
    with shared_services(tmp_path):
        assert made.running == set(services.ALL)
    assert made.running == {"postgres"}
