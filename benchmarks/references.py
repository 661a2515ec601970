"""How fast the machine is now, by fixed work that no change of the product alters.

The same virtual machine is up to twice as slow while its neighbors are busy. So the references are measured
before and after each phase of the benchmark, and figures of two runs are compared with the references beside
them.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

import numpy as np
import redis
from django.conf import settings
from django.db import connection

LOOPS, SORTS, COMMITS, ROUND_TRIPS, WAKE_UPS = 15, 5, 60, 500, 300
STARTED_SECONDS = 0.2  # until the other processes compute
NAMES = {
    "python": "Python loop",
    "python_busy": "the same with all cores busy",
    "numpy": "NumPy sort",
    "commit": "COMMIT",
    "redis": "Redis round trip",
    "wake_up": "waking a thread",
}


def reference_loop() -> float:
    """Milliseconds of CPU time of a fixed loop of plain Python."""
    started = time.process_time()
    table = {number: number * 7 % 1_000 for number in range(1_000)}
    total = 0
    for number in range(20_000):
        total += table[number % 1_000] ^ number
    return (time.process_time() - started) * 1e3


def measure_references() -> dict[str, float]:
    """Medians in milliseconds, by the keys of NAMES. Needs the installation's PostgreSQL and Redis."""
    return {
        "python": _loops(),
        "python_busy": _loops_beside_others(),
        "numpy": _sorting(),
        "commit": _commit(),
        "redis": _redis_round_trip(),
        "wake_up": _wake_up(),
    }


def _loops() -> float:
    return float(np.median([reference_loop() for _ in range(LOOPS)]))


def _loops_beside_others() -> float:
    """The loop while each other core computes: virtual cores that share a physical one are slower then."""
    others = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range((os.cpu_count() or 1) - 1)
    ]
    try:
        time.sleep(STARTED_SECONDS)
        return _loops()
    finally:
        for other in others:
            other.kill()
            other.wait()


def _median(work: Callable[[], object], times: int) -> float:
    """Milliseconds of wall time, the median."""
    spent = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        spent.append(time.perf_counter() - started)
    return float(np.median(spent)) * 1e3


def _sorting() -> float:
    """Sorting 100,000 random numbers."""
    numbers = np.random.default_rng(1).random(100_000)
    return _median(lambda: np.sort(numbers), SORTS)


def _commit() -> float:
    """A transaction of one small row, flushed to disk."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS benchmark_reference (number bigint)")
        spent = _median(lambda: cursor.execute("INSERT INTO benchmark_reference VALUES (1)"), COMMITS)
        cursor.execute("DROP TABLE benchmark_reference")
    return spent


def _redis_round_trip() -> float:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        return _median(client.ping, ROUND_TRIPS)


def _wake_up() -> float:
    """Two threads that wake each other once."""
    asked, answered = SimpleQueue[bool](), SimpleQueue[bool]()

    def answer() -> None:
        while asked.get():
            answered.put(True)

    def ask() -> None:
        asked.put(True)
        answered.get()

    other = Thread(target=answer)
    other.start()
    try:
        return _median(ask, WAKE_UPS)
    finally:
        asked.put(False)
        other.join()


def between(before: dict[str, float], after: dict[str, float], phase: str) -> dict[str, float]:
    """The figures of the references beside a phase: the means of both measurements.

    >>> between({"redis": 0.25}, {"redis": 0.75}, "lists")
    {'reference_redis_ms_lists': 0.5}
    """
    return {f"reference_{name}_ms_{phase}": (before[name] + after[name]) / 2 for name in before}


def in_words(references: dict[str, float]) -> str:
    """
    >>> in_words({"python": 1.62, "redis": 0.05})
    'Python loop 1.6 ms, Redis round trip 0.05 ms'
    """
    return ", ".join(f"{NAMES[name]} {spent:.2g} ms" for name, spent in references.items())
