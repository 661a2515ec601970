"""A running installation and the load driven at it by a generator in a process of its own."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import orjson
from django.db import connection

from benchmarks.apart import VAR
from benchmarks.arrivals import Outcome
from benchmarks.scene import SEED, sender_key
from benchmarks.stack import BASE_DIR, Stack
from scoring.decisions.models import Decision

CONNECTIONS = 128
LIST = 500  # events a request
BESIDE = 2_500  # events in lists for each second of single requests beside them: more than are decided
DRAIN_SECONDS = 300.0


class Bench:
    """A running installation and the load driven at it."""

    def __init__(self, stack: Stack, *, customers: int) -> None:
        self.stack, self.customers = stack, customers
        self.plan = {
            "url": stack.url,
            "key": sender_key(),
            "seed": SEED,
            "customers": customers,
            "connections": CONNECTIONS,
        }
        self.sessions = int(time.time())

    def offer(self, *, rate: float, seconds: float) -> Outcome:
        """Single payments, open loop, at so many a second."""
        said = self.finish(self._begin(rate=rate, seconds=seconds))
        done = np.array([np.inf if each is None else each for each in said["done"]])
        return Outcome(np.array(said["due"]), np.array(said["sent"]), done, np.array(said["status"]))

    def begin_lists(self, *, events: int, seconds: float) -> subprocess.Popen[bytes]:
        return self._begin(lists=events // LIST, size=LIST, seconds=seconds, connections=2)

    def load_lists(self, *, events: int) -> tuple[float, float]:
        """Events a second until every one of them is decided, and as the API took them."""
        process = self.begin_lists(events=events, seconds=DRAIN_SECONDS)
        before, began, at_first = Decision.objects.count(), 0.0, 0
        while process.poll() is None or pending_entries():
            decided = Decision.objects.count() - before
            if decided and not began:
                began, at_first = time.monotonic(), decided
            time.sleep(0.05)
        ended = time.monotonic()
        said = self.finish(process)
        check_lists(said)
        decided = Decision.objects.count() - before
        if decided != said["taken"]:
            raise SystemExit(f"{said['taken']} events were taken and {decided} decided")
        return (decided - at_first) / (ended - began), said["taken"] / said["seconds"]

    def beside_lists(self, *, rate: float, seconds: float) -> tuple[Outcome, float]:
        """Single payments while lists load all the time, and events of lists decided a second meanwhile."""
        loader = self.begin_lists(events=int(seconds * BESIDE), seconds=DRAIN_SECONDS)
        wait_until(lambda: pending_entries() > 0)
        before, began = Decision.objects.count(), time.monotonic()
        outcome = self.offer(rate=rate, seconds=seconds)
        decided = Decision.objects.count() - before - len(outcome.due)
        speed = decided / (time.monotonic() - began)
        if not pending_entries():
            raise SystemExit("the lists were decided before the single requests had all been sent")
        check_lists(self.finish(loader))
        self.drain()
        return outcome, speed

    def drain(self) -> None:
        """Wait until nothing is pending, so that one measurement does not load the next."""
        wait_until(lambda: pending_entries() == 0)

    def _begin(self, **parts: Any) -> subprocess.Popen[bytes]:
        self.sessions += 1
        plan = self.plan | parts | {"session": self.sessions, "run": f"bench-{self.sessions}"}
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load"],
            cwd=BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdin is not None  # noqa: S101 - of a PIPE, for the type checker
        process.stdin.write(orjson.dumps(plan))
        process.stdin.close()
        process.stdin = None
        return process

    def finish(self, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        """What the load generator has to say when it is done."""
        out, _ = process.communicate()
        if process.returncode:
            raise SystemExit("the load generator failed; see its message above")
        said: dict[str, Any] = orjson.loads(out)
        return said


def check_lists(said: Mapping[str, Any]) -> None:
    if said["failed"]:
        raise SystemExit(f"{said['failed']} lists were refused")


def pending_entries() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM scoring_pending WHERE state = 'ready'")
        return int(cursor.fetchone()[0])


def wait_until(condition: Callable[[], bool], *, seconds: float = DRAIN_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"nothing came of {seconds:g} s of waiting; see {VAR / 'logs'}")
        time.sleep(0.05)
