"""A deployment's real processes, started and killed by a test."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from config.settings import BASE_DIR
from supervision.procfile import parse_procfile

PROCESSES = ("web", "worker", "background", "beat")
START_SECONDS = 60


class Deployment:
    """The Procfile's web, worker, background and beat on the test's own services."""

    def __init__(self, environment: dict[str, str], logs: Path) -> None:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.port = _free_port()
        self.environment = environment | {
            "ASSAY_HOST": "127.0.0.1",
            "ASSAY_PORT": str(self.port),
            "ASSAY_HTTPS": "0",
            "PATH": path,
        }
        self.logs = logs
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.commands = parse_procfile((BASE_DIR / "Procfile").read_text())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *names: str) -> None:
        for name in names or PROCESSES:
            with (self.logs / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    ["/bin/sh", "-c", f"exec {self.commands[name]}"],  # the Procfile has shell commands
                    env=self.environment,
                    cwd=BASE_DIR,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        if not names or "web" in names:
            self.wait_for_web()

    def wait_for_web(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):  # noqa: S310 - our own http
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise TimeoutError(f"web did not start: {(self.logs / 'web.log').read_text()[-2000:]}")

    def kill(self, name: str) -> None:
        """Send SIGKILL to a process and its children."""
        os.killpg(self.running[name].pid, signal.SIGKILL)
        self.running[name].wait()

    def kill_parent(self, name: str) -> None:
        """Send SIGKILL to the parent alone; its children notice, or keep working as orphans for a while."""
        self.running[name].kill()
        self.running[name].wait()

    def kill_child(self, name: str) -> None:
        """Send SIGKILL to the busiest child; the parent replaces it."""
        children = psutil.Process(self.running[name].pid).children()
        if children:
            max(children, key=lambda child: child.cpu_times().user).kill()

    def stop(self) -> None:
        for process in self.running.values():
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            process.wait()


def _free_port() -> int:
    """A port below the ephemeral range, so that no outgoing connection takes it while web restarts."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError("100 ports from 20,000 to 32,000 are all in use")
