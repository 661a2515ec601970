"""What each stage of an event's way costs, as figures by name: time by the clock, and of processors."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from benchmarks.apart import VAR
from benchmarks.scene import now
from benchmarks.stack import service_pid
from benchmarks.stages import Clock, measure
from scoring.log.consumers import run_consumers

ACCOUNT = "/proc/{}/schedstat"  # Linux: nanoseconds on a processor come first


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


def stage_figures(sizes: tuple[int, ...]) -> dict[str, float]:
    """Milliseconds an event, the whole and by stage, for batches of each size; the lane must be free.

    Those of processors are this process's, those of PostgreSQL that serves it (not of its writers), and
    Redis's; only where the system accounts for them by process.
    """
    figures = named("stage_ms_per_event", measure(sizes))
    if Path(ACCOUNT.format("self")).exists():
        with processor_clock([server_process(), service_pid(VAR, "redis")]) as clock:
            figures |= named("stage_cpu_ms_per_event", measure(sizes, clock=clock))
    run_consumers(now=now())  # of these events too: nothing is left to do beside the next measurement
    return figures


def server_process() -> int:
    """The process of PostgreSQL that serves this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def named(prefix: str, found: dict[int, dict[str, float]]) -> dict[str, float]:
    """
    >>> named("ms", {64: {"claim": 1.0, "the runner's own": 0.25, "wait (the answer is there)": 0.5}})
    {'ms_64': 1.75, 'ms_64_claim': 1.0, 'ms_64_the_runners_own': 0.25, 'ms_64_wait_the_answer_is_there': 0.5}
    """
    figures: dict[str, float] = {}
    for size, stages in found.items():
        figures[f"{prefix}_{size}"] = sum(stages.values())
        figures |= {f"{prefix}_{size}_{plain_name(stage)}": spent for stage, spent in stages.items()}
    return figures


def plain_name(stage: str) -> str:
    return "_".join(re.findall("[a-z0-9]+", stage.replace("'", "").lower()))
