"""Worker processes are replaced when one ends and on reload, and none is left behind."""

import http.client
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from serving.listening import listen
from serving.workers import read_worker_count
from tests.waiting import wait_until

SITE = """
import os
from serving.server import Site
def application(environ, start_response):
    start_response("200 OK", [])
    return [b"{word} %d" % os.getpid()]
site = Site(application, threads=2, body_limit=lambda path: 1000, rejects_large_bodies=lambda path: False)
"""
ROOT = Path(__file__).parents[3]


class Running:
    def __init__(self, directory: Path) -> None:
        self.module = directory / "small_site.py"
        self.log = directory / "log"
        self.write("first")
        with listen("127.0.0.1", 0) as free:
            self.port = free.getsockname()[1]
        log = self.log.open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "serving", "small_site:site"],
            env=os.environ
            | {"ASSAY_PORT": str(self.port), "ASSAY_WEB_WORKERS": "2", "PYTHONPATH": f"{directory}:{ROOT}"},
            cwd=ROOT,
            stderr=log,
        )
        log.close()
        answers: set[str] = set()
        wait_until(lambda: answers.add(self.ask()) or len(answers - {""}) == 2)

    def write(self, word: str) -> None:
        self.module.write_text(SITE.replace("{word}", word))

    def ask(self) -> str:
        """The response to a request; "" when the connection is refused or reset."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/")
            return connection.getresponse().read().decode()
        except (OSError, http.client.HTTPException):
            return ""
        finally:
            connection.close()

    def children(self) -> set[int]:
        return {child.pid for child in psutil.Process(self.process.pid).children()}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.process.kill()
    running.process.wait()


def test_the_number_of_workers_comes_from_the_environment():
    assert read_worker_count({}) == read_worker_count({"ASSAY_WEB_WORKERS": ""}) == 1
    assert read_worker_count({"ASSAY_WEB_WORKERS": " 4 "}) == 4


@pytest.mark.parametrize("text", ["two", "1.5", "0", "-1", " "])
def test_a_wrong_number_of_workers_ends_the_server_with_one_sentence(text: str):
    ended = subprocess.run(
        [sys.executable, "-m", "serving", "small_site:site"],
        env=os.environ | {"ASSAY_WEB_WORKERS": text},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == (
        f"ASSAY_WEB_WORKERS={text!r} is not a number of processes; use a whole number from 1.\n"
    )


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise SystemExit('ASSAY_LOG_LEVEL is invalid.')", "ASSAY_LOG_LEVEL is invalid.\n"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'\n"),
    ],
)
def test_an_application_that_cannot_be_imported_ends_the_server_with_its_reason(
    tmp_path: Path, code: str, reason: str, workers: str
):
    (tmp_path / "small_site.py").write_text(code)
    ended = subprocess.run(
        [sys.executable, "-m", "serving", "small_site:site"],
        env=os.environ
        | {"ASSAY_PORT": "0", "ASSAY_WEB_WORKERS": workers, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    assert ended.stderr.endswith(reason)


def test_a_worker_that_cannot_start_leaves_the_others_serving(running):
    running.module.write_text("nonsense")
    os.kill(min(running.children()), signal.SIGKILL)
    wait_until(lambda: running.log.read_text().count("NameError") > 1)  # it is tried again
    assert running.process.poll() is None
    assert running.ask().startswith("first")


def test_a_process_that_is_killed_is_replaced(running):
    before = running.children()
    assert len(before) == 2
    os.kill(min(before), signal.SIGKILL)
    wait_until(lambda: len(running.children() - before) == 1 and len(running.children()) == 2)
    assert running.ask().startswith("first")


def test_a_reload_runs_the_new_code_without_refusing_a_request(running):
    before, answers, done = running.children(), [], threading.Event()

    def keep_asking() -> None:
        while not done.is_set():
            answers.append(running.ask())

    asking = threading.Thread(target=keep_asking)
    asking.start()
    running.write("second")
    running.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not running.children() & before)
    done.set()
    asking.join()
    assert "" not in answers
    assert running.ask().startswith("second")


def test_the_old_workers_keep_serving_when_the_new_code_does_not_start(running):
    before = running.children()
    running.module.write_text("nonsense")
    running.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "does not start" in running.log.read_text())
    assert before <= running.children()
    assert running.ask().startswith("first")


def test_a_stop_leaves_no_worker_behind(running):
    children = running.children()
    running.process.terminate()
    assert running.process.wait(20) == 0
    assert not [pid for pid in children if psutil.pid_exists(pid)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals a process when its parent ends")
def test_workers_end_with_their_parent(running):
    children = running.children()
    running.process.kill()
    wait_until(lambda: not [pid for pid in children if psutil.pid_exists(pid)])
