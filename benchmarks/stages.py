"""The time that each stage takes for an event: `python -m benchmarks.stages [size ...]`.

Each event takes the whole path on one thread: a request to the WSGI application and, on notification, the
lane's runner, which decides before the request starts waiting. A stage's time excludes the stages inside it
and includes the work of PostgreSQL and Redis that it waits for. Milliseconds per event, medians over rounds.
"""

import io
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import orjson
from django.core.wsgi import get_wsgi_application

from benchmarks.clocks import Clock
from benchmarks.installation import LANE, SEED, InstallationSize, installation, now, sender_key
from benchmarks.load import PATH, at, payments
from scoring.api import events
from scoring.batch.serve.lookup import BatchLookup, Reads
from scoring.decisions import engine
from scoring.decisions.predictions import model_answers, reasoning
from scoring.intake import group_commit
from scoring.lanes import claiming
from scoring.lanes.lock import held_lane
from scoring.runner import writing
from scoring.runner.batch_limits import MIN_SIZE
from scoring.runner.lane_runner import LaneRunner
from scoring.runner.warm_up import warm_up
from scoring.signals import lane_notifications
from scoring.signals.reply_channels import ReplyChannel
from scoring.states.store import OnlineStore

SIZES = (1, 8, 32, 64)
EVENTS = 1_024  # of each size, after at most as many to warm up
MIN_ROUNDS = 12

# by stage in processing order: the functions that are timed
STAGES: dict[str, list[tuple[Any, str]]] = {
    "HTTP, authentication, answer": [],  # the remainder of the request
    "validate": [(events, "parse_submission")],
    "receipt: append, rows, queue": [(group_commit, "append_new")],
    "receipt: the rest": [(events, "receive_events")],
    "notify": [(lane_notifications, "notify_lanes")],
    "claim": [(claiming, "claim")],
    "routes and models": [(LaneRunner, "_load_models")],
    "read states and batch values": [(OnlineStore, "look")],
    "batch values: choose, fill in": [(BatchLookup, "choose"), (Reads, "script"), (Reads, "fill")],
    "feature kernel": [(LaneRunner, "_sequence")],
    "predict and explain": [(model_answers, "predict")],
    "reasons": [(reasoning, "reasons_for")],
    "lists and rules": [(engine, "find")],
    "decision: compose": [(LaneRunner, "_decide")],
    "decision: append, rows, unqueue": [(writing, "append")],
    "decision: the rest": [(writing, "_commit")],
    "wake": [(writing, "_wake")],
    "write states": [(OnlineStore, "write")],
    "wait (the answer is there)": [(ReplyChannel, "collect")],
    "the runner's own": [(LaneRunner, "step")],
}
REMAINDER = next(iter(STAGES))


class StageTimer:
    """Seconds by stage, excluding nested stages, as measured by `clock`."""

    def __init__(self, clock: Clock = time.perf_counter) -> None:
        self.clock = clock
        self.spent: dict[str, float] = {}
        self._open: list[str] = []
        self._since = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._book()
        self._open.append(name)
        try:
            yield
        finally:
            self._book()
            self._open.pop()

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            with self.stage(name):
                return function(*given, **named)

        return call

    def _book(self) -> None:
        """Add the time since the last call to the innermost stage."""
        now = self.clock()
        if self._open:
            self.spent[self._open[-1]] = self.spent.get(self._open[-1], 0.0) + now - self._since
        self._since = now


@contextmanager
def watched(watch: StageTimer, lane: LaneRunner) -> Iterator[None]:
    """Time every stage, and process the lane in place of notifying a worker."""
    originals = [
        (owner, attribute, name, getattr(owner, attribute))
        for name, targets in STAGES.items()
        for owner, attribute in targets
    ]
    timed = {
        (owner, attribute): watch.timed(name, original) for owner, attribute, name, original in originals
    }

    notify = timed[lane_notifications, "notify_lanes"]

    def notify_and_work(lanes: set[str]) -> Any:
        cause = notify(lanes)
        if not lanes:  # as for every request of new events alone, once more after its receipts
            return cause
        lane.step()
        while not lane.exhausted:
            lane.step()
        return cause

    timed[lane_notifications, "notify_lanes"] = notify_and_work
    patches = [
        mock.patch.object(owner, attribute, function) for (owner, attribute), function in timed.items()
    ]
    # No notification may reach a worker.
    patches.append(mock.patch.object(lane_notifications, "send_task", return_value=""))
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


class Requests:
    """Calls the WSGI application as a server would."""

    def __init__(self) -> None:
        self.application, self.key = get_wsgi_application(), sender_key()
        session = int(time.time())
        plan = {"seed": SEED, "customers": InstallationSize().customers}
        self.drawn = payments(plan | {"session": session, "run": f"stages-{session}"})

    def post(self, size: int) -> None:
        """Post `size` events in one request. Raises RuntimeError unless all are decided."""
        items = [body | {"occurred_at": at(now())} for body in itertools.islice(self.drawn, size)]
        content = orjson.dumps(items if size > 1 else items[0])
        result: list[str] = []
        chunks = self.application(self.environ(content), lambda status, headers: result.append(status))
        body = b"".join(chunks)
        chunks.close()
        if not result[0].startswith("20") or body.count(b'"decided"') != size:
            raise RuntimeError(f"{result[0]}: {body[:500]!r}")

    def environ(self, content: bytes) -> dict[str, Any]:
        return {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": PATH,
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "HTTP_AUTHORIZATION": f"Bearer {self.key}",
            "HTTP_PREFER": "wait=10",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": io.BytesIO(content),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }


def measure(
    sizes: tuple[int, ...] = SIZES, *, clock: Clock = time.perf_counter
) -> dict[int, dict[str, float]]:
    """Milliseconds per event by stage, for requests and batches of each size. The lane must be free."""
    warm_up()
    requests = Requests()
    with held_lane(LANE) as held:
        if not held:
            raise SystemExit("the lane is held: another process uses these services")
        # A new runner per size: a runner that has had waiting clients expects more of them for a while.
        return {size: measure_size(requests, LaneRunner(LANE), size, clock) for size in sizes}


def measure_size(requests: Requests, lane: LaneRunner, size: int, clock: Clock) -> dict[str, float]:
    rounds = max(EVENTS // size, MIN_ROUNDS)
    spent = []
    for number in range(rounds + max(rounds // 4, 3)):
        watch = StageTimer(clock)
        lane.limits.size = max(size, MIN_SIZE)
        with watched(watch, lane), watch.stage(REMAINDER):
            requests.post(size)
        if number >= max(rounds // 4, 3):
            spent.append([watch.spent.get(name, 0.0) / size * 1e3 for name in STAGES])
    return dict(zip(STAGES, np.median(spent, axis=0).tolist(), strict=True))


def print_table(figures: dict[int, dict[str, float]]) -> None:
    """Print Markdown for docs/reference/performance.md."""
    print("| stage | " + " | ".join(f"{size:,}" for size in figures) + " |")
    print("|---|" + "---:|" * len(figures))
    for name in STAGES:
        print(f"| {name} | " + " | ".join(f"{by_stage[name]:.3f}" for by_stage in figures.values()) + " |")
    print("| all | " + " | ".join(f"{sum(by_stage.values()):.3f}" for by_stage in figures.values()) + " |")


def main(arguments: list[str]) -> None:
    sizes = tuple(int(argument) for argument in arguments) or SIZES
    with installation(InstallationSize()):
        print_table(measure(sizes))


if __name__ == "__main__":
    main(sys.argv[1:])
