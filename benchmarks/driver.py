"""A running installation and the load that a separate process offers to it."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import orjson
from django.db import connection
from django.db.models import Max

from benchmarks.arrivals import Outcome
from benchmarks.django_setup import VAR
from benchmarks.installation import SEED, sender_key
from benchmarks.stack import BASE_DIR, Stack
from scoring.decisions.models import Decision

CONNECTIONS = 128
LIST = 500  # events per request
LIST_EVENTS_PER_SECOND = 2_500  # more than can be decided
DRAIN_SECONDS = 300.0


class Bench:
    """A running installation and the load offered to it."""

    def __init__(self, stack: Stack, **traffic: Any) -> None:
        """`traffic`: what plans of the load generator say about it, such as {"customers"} of payments."""
        self.stack = stack
        self.plan = {
            "url": stack.url,
            "key": sender_key(),
            "seed": SEED,
            "connections": CONNECTIONS,
            **traffic,
        }
        self.sessions = int(time.time())

    def offer(self, *, rate: float, seconds: float) -> Outcome:
        """Offer single events, open loop, at `rate` per second."""
        result = self.finish(self.begin(rate=rate, seconds=seconds))
        done = np.array([np.inf if each is None else each for each in result["done"]])
        return Outcome(np.array(result["due"]), np.array(result["sent"]), done, np.array(result["status"]))

    def begin_lists(self, *, events: int, seconds: float) -> subprocess.Popen[bytes]:
        return self.begin(lists=events // LIST, size=LIST, seconds=seconds, connections=2)

    def load_lists(self, *, events: int) -> tuple[float, float]:
        """Events per second until all are decided, and events per second accepted by the API."""
        process = self.begin_lists(events=events, seconds=DRAIN_SECONDS)
        before, last = Decision.objects.count(), last_decision()
        wait_until(lambda: last_decision() > last)
        began, at_first = time.monotonic(), Decision.objects.count() - before
        while process.poll() is None or pending_entries():
            time.sleep(0.05)
        ended = time.monotonic()
        result = self.finish(process)
        check_lists(result)
        decided = Decision.objects.count() - before
        if decided != result["taken"]:
            raise SystemExit(f"{result['taken']} events were accepted and {decided} decided")
        return (decided - at_first) / (ended - began), result["taken"] / result["seconds"]

    def offer_during_lists(self, *, rate: float, seconds: float) -> tuple[Outcome, float]:
        """Offer single payments while lists load; also returns the lists' events decided per second."""
        loader = self.begin_lists(events=int(seconds * LIST_EVENTS_PER_SECOND), seconds=DRAIN_SECONDS)
        wait_until(lambda: pending_entries() > 0)
        before, began = Decision.objects.count(), time.monotonic()
        outcome = self.offer(rate=rate, seconds=seconds)
        decided = Decision.objects.count() - before - len(outcome.due)
        speed = decided / (time.monotonic() - began)
        if not pending_entries():
            raise SystemExit("all lists were decided before all single requests were sent")
        check_lists(self.finish(loader))
        self.drain()
        return outcome, speed

    def drain(self) -> None:
        """Wait until nothing is pending, so that one measurement does not affect the next."""
        wait_until(lambda: pending_entries() == 0)

    def begin(self, *, generator: str = "benchmarks.load", **parts: Any) -> subprocess.Popen[bytes]:
        """Start a load generator with a plan of these parts, for a run of its own."""
        self.sessions += 1
        plan = self.plan | parts | {"session": self.sessions, "run": f"bench-{self.sessions}"}
        process = subprocess.Popen(
            [sys.executable, "-m", generator],
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
        """Wait for the load generator and return its result."""
        out, _ = process.communicate()
        if process.returncode:
            raise SystemExit("the load generator failed; see its message above")
        result: dict[str, Any] = orjson.loads(out)
        return result


def check_lists(result: Mapping[str, Any]) -> None:
    if result["failed"]:
        raise SystemExit(f"{result['failed']} lists were refused")


def last_decision() -> int:
    """The position of the last decision, 0 without one. Counting all would take PostgreSQL's time."""
    return Decision.objects.aggregate(last=Max("position"))["last"] or 0


def pending_entries() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM scoring_pending WHERE state = 'ready'")
        return int(cursor.fetchone()[0])


def wait_until(condition: Callable[[], bool], *, seconds: float = DRAIN_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"timed out after {seconds:g} s; see {VAR / 'logs'}")
        time.sleep(0.05)
