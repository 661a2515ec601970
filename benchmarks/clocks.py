"""Clocks for timing the processing stages of an event."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Clock = Callable[[], float]  # seconds
ACCOUNT = "/proc/{}/schedstat"  # Linux: the first number is nanoseconds of CPU time


def is_accounted_for() -> bool:
    """Whether the system reports a process's CPU time in nanoseconds."""
    return Path(ACCOUNT.format("self")).exists()


@contextmanager
def processor_clock(processes: list[int]) -> Iterator[Clock]:
    """Seconds of CPU time of this thread and of the main threads of the `processes` that serve it.

    A waiting thread uses no CPU time, so a stage is charged for the work done on its behalf in any process.
    The time to read the clock is excluded.
    """
    accounts = [os.open(ACCOUNT.format(process), os.O_RDONLY) for process in processes]
    reading = 0.0  # CPU time spent reading the clock itself

    def clock() -> float:
        nonlocal reading
        began = time.thread_time()
        others = sum(nanoseconds(os.pread(account, 100, 0)) for account in accounts)
        seconds = began - reading + others / 1e9
        reading += time.thread_time() - began
        return seconds

    try:
        yield clock
    finally:
        for account in accounts:
            os.close(account)


def nanoseconds(account: bytes) -> int:
    """
    >>> nanoseconds(b"934392 1373890 4")
    934392
    """
    return int(account.split(maxsplit=1)[0])
