"""A worker's start time, from its command to the response for a waiting client."""

import json
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import numpy as np

from benchmarks.driver import Bench, pending_entries, wait_until
from benchmarks.load import PATH, at, payments
from benchmarks.stack import READY_SECONDS

STARTS = 3


def measure_worker_start(bench: Bench, *, starts: int = STARTS) -> dict[str, float]:
    """Median and maximum seconds from the start of the worker until it has decided with the model.

    Web, background and beat are running. The event is received before the clock starts.
    """
    bench.sessions += 1
    drawn = payments(bench.plan | {"session": bench.sessions, "run": f"bench-{bench.sessions}"})
    seconds = [_start(bench, drawn) for _ in range(starts)]
    return {"worker_ready_s": float(np.median(seconds)), "worker_ready_max_s": max(seconds)}


def _start(bench: Bench, drawn: Iterator[dict[str, Any]]) -> float:
    bench.stack.stop("worker")
    payment = next(drawn) | {"occurred_at": at(datetime.now(UTC))}
    with ThreadPoolExecutor(1) as client:
        response_status = client.submit(_wait_for_decision, bench, payment)
        wait_until(lambda: response_status.done() or pending_entries() > 0)
        began = time.monotonic()
        bench.stack.begin("worker")
        return response_status.result() - began


def _wait_for_decision(bench: Bench, payment: dict[str, Any]) -> float:
    """The monotonic time at which the payment was decided. A resubmission waits for the first submission."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        event = _post(bench, payment)
        if event["status"] == "decided":
            break
    if event["status"] != "decided" or event["decision"]["basis"] != "model":
        raise SystemExit(f"the worker did not decide with the model: {event}")
    return time.monotonic()


def _post(bench: Bench, payment: dict[str, Any]) -> Any:
    request = urllib.request.Request(  # noqa: S310 - our own address
        bench.stack.url + PATH,
        data=json.dumps(payment).encode(),
        headers={
            "Authorization": f"Bearer {bench.plan['key']}",
            "Content-Type": "application/json",
            "Prefer": "wait=10",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
        return json.load(answer)
