"""A bulk load with concurrent single requests: `python -m benchmarks.loading [--events 200000]`, two minutes.

Lists are sent as fast as they are accepted, honoring requests to wait, until all are decided. Every 20 s the
latency of the single requests is printed. In the end, everything sent must have been decided.
"""

import time
from argparse import ArgumentParser
from typing import Any

import numpy as np

from benchmarks.arrivals import Outcome, summary
from benchmarks.bench import CONCURRENT_RATE, RESULTS
from benchmarks.django_setup import VAR
from benchmarks.driver import Bench, check_lists, pending_entries
from benchmarks.installation import InstallationSize, installation
from benchmarks.report import Report, print_table, say_rate
from benchmarks.stack import Stack, commit, machine, started
from scoring.decisions.models import Decision

EVENTS = 200_000
SLICE_SECONDS, WARM_UP_SECONDS, LOAD_SECONDS = 20.0, 8.0, 3_600.0
MIN_PENDING = 2_000  # with fewer, the load would end during a slice


def measure(bench: Bench, *, events: int) -> dict[str, Any]:
    """The latency of single requests during the load, and the lists' throughput."""
    bench.offer(rate=CONCURRENT_RATE, seconds=WARM_UP_SECONDS)
    before, began = Decision.objects.count(), time.monotonic()
    loader = bench.begin_lists(events=events, seconds=LOAD_SECONDS)
    met: list[Outcome] = []
    while loader.poll() is None or pending_entries() > MIN_PENDING:
        met.append(bench.offer(rate=CONCURRENT_RATE, seconds=SLICE_SECONDS))
        say_rate(CONCURRENT_RATE, met[-1])
    result = bench.finish(loader)
    check_lists(result)
    bench.drain()
    elapsed = time.monotonic() - began
    singles = merge_outcomes(met)
    decided = Decision.objects.count() - before
    if decided != result["taken"] + len(singles.due):
        raise SystemExit(f"{result['taken'] + len(singles.due)} events were sent and {decided} decided")
    figures = summary(singles)
    return {
        "load_events": result["taken"],
        "load_requests_beside": len(singles.due),
        "load_events_per_s": decided / elapsed,
        "load_lists_asked_to_wait": result["refused"],
        **{f"load_sync_{name}": figures[name] for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms")},
        "load_sync_undecided": figures["undecided"],
    }


def merge_outcomes(outcomes: list[Outcome]) -> Outcome:
    """Several runs of requests as one."""
    parts = zip(*[(each.due, each.sent, each.done, each.status) for each in outcomes], strict=True)
    return Outcome(*[np.concatenate(part) for part in parts])


def main() -> None:
    parser = ArgumentParser(description="Measure single requests during a bulk load.")
    parser.add_argument("--events", type=int, default=EVENTS)
    options = parser.parse_args()
    size, path = InstallationSize(), RESULTS / "loading.json"
    report = Report(path, {"commit": commit(), "machine": machine()})
    with installation(size):
        stack = Stack(VAR)
        with started(stack):
            report.add(measure(Bench(stack, customers=size.customers), events=options.events))
    report.finish()
    print_table(report.figures)
    print(f"\nwritten to {path}")


if __name__ == "__main__":
    main()
