"""Clocks to time the stages of an event's way by."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Clock = Callable[[], float]  # seconds
ACCOUNT = "/proc/{}/schedstat"  # Linux: nanoseconds on a processor come first


def is_accounted_for() -> bool:
    """Whether the system says how long a process has been on a processor, to the nanosecond."""
    return Path(ACCOUNT.format("self")).exists()


@contextmanager
def processor_clock(processes: list[int]) -> Iterator[Clock]:
    """Seconds of processor time of this thread and of what serves it in other processes (their first thread).

    Whoever waits for an answer uses none, so a stage is charged for what was done for it, wherever. What
    asking takes is left out.
    """
    accounts = [os.open(ACCOUNT.format(process), os.O_RDONLY) for process in processes]
    asking = 0.0

    def clock() -> float:
        nonlocal asking
        asked = time.thread_time()
        others = sum(nanoseconds(os.pread(account, 100, 0)) for account in accounts)
        seconds = asked - asking + others / 1e9
        asking += time.thread_time() - asked
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
