"""Make real servers hang: their processes are stopped but still exist."""

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from django.conf import settings

from embedded.paths import service_paths


@contextmanager
def frozen(processes: Iterable[psutil.Process]) -> Iterator[None]:
    """Stop processes for the duration of the block."""
    stopped = list(processes)
    for process in stopped:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in stopped:
            process.send_signal(signal.SIGCONT)


def postgres_processes() -> list[psutil.Process]:
    """The tests' server and all its sessions; stopped, it neither accepts connections nor answers."""
    postmaster = _process(service_paths(settings.VAR_DIR).postgres / "postmaster.pid")
    return [postmaster, *postmaster.children(recursive=True)]


def redis_processes() -> list[psutil.Process]:
    return [_process(service_paths(settings.VAR_DIR).redis / "redis.pid")]


def _process(pid_file: Path) -> psutil.Process:
    return psutil.Process(int(pid_file.read_text().split()[0]))
