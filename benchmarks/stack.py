"""The processes of a benchmark's own installation: start, resource usage, stop."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from embedded.paths import service_paths
from supervision.procfile import parse_procfile

BASE_DIR = Path(__file__).resolve().parent.parent
PROCESSES = ("web", "worker", "background", "beat")
READY_SECONDS = 120.0
SOURCES = ("scoring", "reviews", "experiments", "monitoring", "config", "Procfile", "requirements.txt")
MIB = 2**20


class Stack:
    """Processes of the Procfile on running services; logs under `var`."""

    def __init__(self, var: Path, processes: Sequence[str] = PROCESSES) -> None:
        self.var, self.port, self.processes = var, free_port(), processes
        self.url = f"http://127.0.0.1:{self.port}"
        self.commands = parse_procfile((BASE_DIR / "Procfile").read_text())
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> float:
        """Start all processes. Returns the seconds until /readyz succeeds. Raises TimeoutError."""
        (self.var / "logs").mkdir(exist_ok=True)
        started = time.monotonic()
        for name in self.processes:
            self.begin(name)
        self._wait_until_ready()
        return time.monotonic() - started

    def begin(self, name: str) -> None:
        """Start one process, without waiting for it."""
        environment = os.environ | {
            "ASSAY_HOST": "127.0.0.1",
            "ASSAY_PORT": str(self.port),
            "ASSAY_LOG_LEVEL": "WARNING",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        with (self.var / "logs" / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {self.commands[name]}"],  # the Procfile has shell commands
                env=environment,
                cwd=BASE_DIR,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self, *names: str) -> None:
        """Terminate these processes, or all, and kill those that take too long."""
        stopped = [self.running.pop(name) for name in names or tuple(self.running)]
        for process in stopped:
            process.terminate()
        for process in stopped:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def usage(self) -> "Usage":
        return Usage({name: members(roots) for name, roots in self._roots().items()})

    def _roots(self) -> dict[str, list[int]]:
        roots = {name: [process.pid] for name, process in self.running.items()}
        return roots | {name: [service_pid(self.var, name)] for name in ("postgres", "redis")}

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=10):  # noqa: S310 - our own address
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise TimeoutError(f"not ready after {READY_SECONDS:g} s; see {self.var / 'logs'}")


class Usage:
    """CPU time and memory of each group of live processes."""

    def __init__(self, groups: dict[str, list[psutil.Process]]) -> None:
        self.groups = groups
        self.cpu = {name: sum(map(cpu_seconds, processes)) for name, processes in groups.items()}

    def cpu_since(self, earlier: "Usage") -> dict[str, float]:
        """CPU seconds by group, user and system."""
        return {name: self.cpu[name] - earlier.cpu.get(name, 0.0) for name in self.cpu}

    def memory(self) -> dict[str, dict[str, float]]:
        """MiB by group: `rss` of its largest process, `pss` of all its processes."""
        figures = {}
        for name, processes in self.groups.items():
            infos = [memory_of(process) for process in processes]
            figures[name] = {
                "rss": max((info.rss for info in infos if info), default=0) / MIB,
                "pss": sum(info.pss for info in infos if info) / MIB,
            }
        return figures


def members(roots: list[int]) -> list[psutil.Process]:
    """The processes with these IDs and all their descendants."""
    found = []
    for root in roots:
        try:
            parent = psutil.Process(root)
            found += [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
    return found


def cpu_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def memory_of(process: psutil.Process) -> Any:
    try:
        return process.memory_full_info()
    except psutil.Error:
        return None


def service_pid(var: Path, name: str) -> int:
    """The process ID of an embedded service with its data under `var`."""
    paths = service_paths(var)
    pid_file = {"postgres": paths.postgres / "postmaster.pid", "redis": paths.redis / "redis.pid"}[name]
    return int(pid_file.read_text().split()[0])


def machine() -> str:
    """Processor, cores and memory, kernel and Python, on one line."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    system = os.uname()
    memory = psutil.virtual_memory().total / 2**30
    version = ".".join(map(str, sys.version_info[:3]))
    return (
        f"{model or system.machine}, {os.cpu_count()} cores, {memory:.0f} GiB,"
        f" {system.sysname} {system.release.split('-')[0]}, Python {version}"
    )


def commit() -> str:
    """The measured commit, with "+" appended for uncommitted changes; "" outside a repository."""
    try:
        found = git("rev-parse", "--short", "HEAD")
        changed = git("status", "--porcelain", "--untracked-files=no", "--", *SOURCES)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return found + ("+" if changed else "")


def git(*arguments: str) -> str:
    answer = subprocess.run(["git", *arguments], cwd=BASE_DIR, capture_output=True, text=True, check=True)
    return answer.stdout.strip()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(stack: Stack) -> Iterator[float]:
    """Run the stack for the duration of the block; yields the seconds until it was ready."""
    try:
        yield stack.start()
    finally:
        stack.stop()
