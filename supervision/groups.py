"""Process groups: each supervised process leads one, which also contains its children."""

import os
import signal
import time

import psutil

POLL_SECONDS = 0.05


def members(group: int) -> list[psutil.Process]:
    """The live processes of a group."""
    return [process for process in psutil.process_iter() if _belongs(process, group)]


def _belongs(process: psutil.Process, group: int) -> bool:
    try:
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.Error):
        return False


def end_groups(groups: set[int], *, seconds: float) -> None:
    """Terminate all processes of the groups, and kill those still alive after `seconds`."""
    signal_groups(groups, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while any(members(group) for group in groups):
        if time.monotonic() > deadline:
            signal_groups(groups, signal.SIGKILL)
            return
        time.sleep(POLL_SECONDS)


def signal_groups(groups: set[int], number: signal.Signals) -> None:
    for group in groups:
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            continue


def is_same_process(pid: int, created: float) -> bool:
    """Whether `pid` is still the process created at `created` (seconds since 1970)."""
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - created) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def started_at(pid: int) -> float:
    """Creation time in seconds since 1970; the current time if the process has already ended."""
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return time.time()
