"""Find and end the processes of the embedded services, relying on the process table alone."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from embedded.errors import ServiceUnusable

POLL_SECONDS = 0.05


def find_running(pid_file: Path, *, names: tuple[str, ...]) -> psutil.Process | None:
    """The live process that a pid file names, or None if the file is stale.

    The ID alone proves nothing: after a crash or a container restart another program may have it, and a
    killed process may remain as an unreaped zombie.
    """
    try:
        process = psutil.Process(int(pid_file.read_text().split()[0]))
        alive = process.status() != psutil.STATUS_ZOMBIE and process.name().startswith(names)
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return process if alive else None


def find_in_directory(directory: Path, *, names: tuple[str, ...]) -> list[psutil.Process]:
    """Live processes with one of these names and the working directory `directory`."""
    return [process for process in psutil.process_iter() if _works_in(process, directory, names)]


def _works_in(process: psutil.Process, directory: Path, names: tuple[str, ...]) -> bool:
    try:
        return process.name().startswith(names) and Path(process.cwd()) == directory
    except (OSError, psutil.Error):
        return False


def end(process: psutil.Process, *, with_signal: signal.Signals, timeout: float, what: str) -> None:
    """Signal a process and wait for its end; never kills, since that is the operator's decision."""
    try:
        process.send_signal(with_signal)
    except psutil.NoSuchProcess:
        return
    wait_until(
        lambda: not _is_alive(process),
        timeout=timeout,
        failure=f"{what} (process {process.pid}) did not stop within {timeout:.0f} s. See its log.",
    )


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition: Callable[[], bool], *, timeout: float, failure: str | Callable[[], str]) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise ServiceUnusable(failure if isinstance(failure, str) else failure())
        time.sleep(POLL_SECONDS)


def tail(path: Path, *, lines: int = 15) -> str:
    """The last lines of a log, for an error message."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return f"(no log at {path})"
