"""Ended processes are restarted; all stop together, and none is left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from supervision import supervisor as module
from supervision.groups import members
from supervision.record import ProcessExit, ProcessRecord, read_record
from supervision.supervisor import (
    AlreadyRunning,
    Program,
    Service,
    Supervisor,
    end_leftovers,
    sole_supervisor,
    stop_supervisor,
)
from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]
SUPERVISE = """
import asyncio, sys
from pathlib import Path
from supervision.supervisor import Program, Supervisor, sole_supervisor
var = Path(sys.argv[1])
with sole_supervisor(var) as record:
    programs = [Program(n, "sleep 100", {"PATH": "/bin:/usr/bin"}, var) for n in ("one", "two")]
    async def run():
        await Supervisor(programs, record, lambda *_: None).run()
    asyncio.run(run())
"""


class ShownLines(list[tuple[str, str]]):
    def __call__(self, name: str, line: str) -> None:
        self.append((name, line))


def run_until(
    commands: dict[str, str],
    condition: Callable[[Supervisor], bool],
    tmp_path: Path,
    services: tuple[Service, ...] = (),
) -> tuple[ProcessRecord, ShownLines]:
    """Supervise `commands` until the condition holds, then stop them."""
    record, shown = ProcessRecord(tmp_path / "processes.json"), ShownLines()

    async def run() -> None:
        programs = [Program(name, command, os.environ, tmp_path) for name, command in commands.items()]
        supervisor = Supervisor(programs, record, shown, services)
        running = asyncio.create_task(supervisor.run())
        deadline = time.monotonic() + 20
        while not (is_met := condition(supervisor)) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        supervisor.stop()
        await running
        assert is_met

    asyncio.run(run())
    return record, shown


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(module, "CHECK_SECONDS", 0.05)
    monkeypatch.setattr(module, "EXIT_POLL_SECONDS", 0.01)
    monkeypatch.setattr(module, "LEFTOVER_SECONDS", 0.5)


def test_an_ended_process_is_restarted_and_the_others_keep_running(tmp_path):
    record, shown = run_until(
        {"once": "sh -c 'echo so long; exit 3'", "steady": "sleep 100"},
        lambda supervisor: len(supervisor.record.exits) >= 2,
        tmp_path,
    )
    assert {(each.name, each.code, each.last_line) for each in record.exits} == {("once", 3, "so long")}
    assert ("once", "so long") in shown
    assert ("supervisor", "once ended with exit code 3 and restarts in 0.05 s.") in shown


def test_the_pause_doubles_for_a_process_that_keeps_failing(tmp_path):
    _, shown = run_until({"bad": "false"}, lambda supervisor: len(supervisor.record.exits) >= 4, tmp_path)
    pauses = [line.rpartition("in ")[2] for name, line in shown if name == "supervisor"]
    assert pauses[:4] == ["0.05 s.", "0.1 s.", "0.2 s.", "0.4 s."]


def test_a_killed_process_is_reported_as_killed(tmp_path):
    killed = []

    def kill(supervisor: Supervisor) -> bool:
        if "sleeper" in supervisor.record.running and not killed:
            killed.append(supervisor.record.running["sleeper"][0])
            os.kill(killed[0], signal.SIGKILL)
        return bool(supervisor.record.exits)

    _, shown = run_until({"sleeper": "sleep 100"}, kill, tmp_path)
    assert any("sleeper ended with SIGKILL (killed)" in line for _, line in shown)


def test_the_children_of_an_ended_process_are_ended_before_it_restarts(tmp_path):
    groups = []

    def kill(supervisor: Supervisor) -> bool:
        group = supervisor.record.running.get("parent", (0, 0))[0]
        if group and len(members(group)) == 2 and not groups:
            groups.append(group)
            os.kill(group, signal.SIGKILL)
        return bool(supervisor.record.exits)

    run_until({"parent": "sh -c 'sleep 100 & wait'"}, kill, tmp_path)
    assert groups
    assert members(groups[0]) == []


def test_a_process_that_ignores_sigterm_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "STOP_SECONDS", 0.2)
    ready = tmp_path / "ready"
    command = f"sh -c \"trap '' TERM; touch {ready}; while true; do sleep 1; done\""
    record, _ = run_until({"stubborn": command}, lambda supervisor: ready.exists(), tmp_path)
    assert record.running == {}


def test_a_long_line_and_an_unterminated_line_are_shown(tmp_path):
    _, shown = run_until(
        {"loud": f"{sys.executable} -c \"print('x' * 300_000); print('last', end='')\""},
        lambda supervisor: len(supervisor.record.exits) >= 1,
        tmp_path,
    )
    assert ("loud", "x" * 300_000) in shown
    assert ("loud", "last") in shown


def test_an_ended_service_is_restarted(tmp_path):
    alive = {"database": False}

    def start() -> None:
        if not started:
            started.append("failed")
            raise RuntimeError("the disk is full")
        started.append("succeeded")
        alive["database"] = True

    started: list[str] = []
    service = Service("database", lambda: alive["database"], start)
    record, shown = run_until({"steady": "sleep 100"}, lambda _: alive["database"], tmp_path, (service,))
    assert ("database", "did not start: the disk is full") in shown
    assert [each.name for each in record.exits] == ["database", "database"]


def test_a_second_supervisor_of_a_directory_is_refused(tmp_path):
    with (
        sole_supervisor(tmp_path),
        pytest.raises(AlreadyRunning, match="make stop"),
        sole_supervisor(tmp_path),
    ):
        pass


def test_the_next_supervisor_still_knows_which_processes_ended(tmp_path):
    ended = ProcessExit("trainer", 1.0, -9, 2.0, "so long")
    with sole_supervisor(tmp_path) as record:
        record.record_exit(ended)
    assert read_record(tmp_path).exits == [ended]
    assert read_record(tmp_path).running == {}


def test_an_unreadable_record_is_empty(tmp_path):
    (tmp_path / "processes.json").write_text("[1")
    assert read_record(tmp_path).exits == []


def begin(var: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", SUPERVISE, str(var)], cwd=ROOT)
    wait_until(lambda: len(read_record(var).running) == 3)
    return process


def test_stopping_the_supervisor_from_another_process_ends_everything(tmp_path):
    process = begin(tmp_path)
    pids = [pid for pid, _ in read_record(tmp_path).running.values()]
    assert stop_supervisor(tmp_path)
    assert process.wait(10) == 0
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
    assert not stop_supervisor(tmp_path)


def test_no_process_outlives_a_killed_supervisor(tmp_path):
    process = begin(tmp_path)
    pids = [pid for name, (pid, _) in read_record(tmp_path).running.items() if name != "supervisor"]
    process.kill()
    process.wait()
    end_leftovers(tmp_path)
    wait_until(lambda: not [pid for pid in pids if psutil.pid_exists(pid)])


def test_another_process_with_a_recorded_id_is_left_alone(tmp_path):
    with subprocess.Popen(["sleep", "100"], start_new_session=True) as unrelated:
        ProcessRecord(tmp_path / "processes.json").record_start("web", unrelated.pid, created=1.0)
        assert end_leftovers(tmp_path) == []
        assert unrelated.poll() is None
        unrelated.kill()
