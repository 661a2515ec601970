"""A bulk load with single requests beside it: `python -m benchmarks.loading [--events 200000]`, two minutes.

Lists are sent as fast as they are taken, or asked to wait, until all of them are decided; every 20 seconds it
is said what the requests beside them met. All that was sent must have been decided in the end.
"""

import time
from argparse import ArgumentParser
from typing import Any

import numpy as np

from benchmarks.apart import VAR
from benchmarks.arrivals import Outcome, summary
from benchmarks.bench import RATE_BESIDE, RESULTS
from benchmarks.driver import Bench, check_lists, pending_entries
from benchmarks.report import Report, print_table, say_rate
from benchmarks.scene import Scene, installation
from benchmarks.stack import Stack, commit, machine, started
from scoring.decisions.models import Decision

EVENTS = 200_000
SLICE_SECONDS, WARM_UP_SECONDS, LOAD_SECONDS = 20.0, 8.0, 3_600.0
FEWEST_PENDING = 2_000  # with less the load is over before a slice is


def measure(bench: Bench, *, events: int) -> dict[str, Any]:
    """The latency of single requests over the whole load, and how fast lists were decided meanwhile."""
    bench.offer(rate=RATE_BESIDE, seconds=WARM_UP_SECONDS)
    before, began = Decision.objects.count(), time.monotonic()
    loader = bench.begin_lists(events=events, seconds=LOAD_SECONDS)
    met: list[Outcome] = []
    while loader.poll() is None or pending_entries() > FEWEST_PENDING:
        met.append(bench.offer(rate=RATE_BESIDE, seconds=SLICE_SECONDS))
        say_rate(RATE_BESIDE, met[-1])
    said = bench.finish(loader)
    check_lists(said)
    bench.drain()
    elapsed = time.monotonic() - began
    beside = together(met)
    decided = Decision.objects.count() - before
    if decided != said["taken"] + len(beside.due):
        raise SystemExit(f"{said['taken'] + len(beside.due)} events were sent and {decided} decided")
    figures = summary(beside)
    return {
        "load_events": said["taken"],
        "load_requests_beside": len(beside.due),
        "load_events_per_s": decided / elapsed,
        "load_lists_asked_to_wait": said["refused"],
        **{f"load_sync_{name}": figures[name] for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms")},
        "load_sync_undecided": figures["undecided"],
    }


def together(outcomes: list[Outcome]) -> Outcome:
    """Runs of requests as one."""
    parts = zip(*[(each.due, each.sent, each.done, each.status) for each in outcomes], strict=True)
    return Outcome(*[np.concatenate(part) for part in parts])


def main() -> None:
    parser = ArgumentParser(description="Measure single requests beside a bulk load.")
    parser.add_argument("--events", type=int, default=EVENTS)
    options = parser.parse_args()
    scene, path = Scene(), RESULTS / "loading.json"
    report = Report(path, {"commit": commit(), "machine": machine()})
    with installation(scene):
        stack = Stack(VAR)
        with started(stack):
            report.add(measure(Bench(stack, customers=scene.customers), events=options.events))
    report.finish()
    print_table(report.figures)
    print(f"\nwritten to {path}")


if __name__ == "__main__":
    main()
