"""A model that cannot be put into tables, decided by one process and by two: `python -m benchmarks.fan_out`.

Lists are sent until all are decided. With one process of the worker its lane explains alone; with two the
other helps it. Some minutes.
"""

import os
from argparse import ArgumentParser
from typing import Any

from benchmarks.apart import VAR
from benchmarks.bench import RESULTS
from benchmarks.driver import Bench
from benchmarks.report import Report, print_table
from benchmarks.scene import Scene, describe_model, installation
from benchmarks.stack import Stack, commit, machine, started
from scoring.signals.telemetry import read_counts

DEPTH = 12
EVENTS, RUNS = 3_000, 3


def measure(scene: Scene, *, processes: int) -> dict[str, Any]:
    """Events a second in lists, the median of some runs, and the share that helpers explained."""
    os.environ["ASSAY_WORKERS"] = str(processes)
    stack = Stack(VAR)
    with started(stack):
        bench = Bench(stack, customers=scene.customers)
        bench.load_lists(events=EVENTS // 2)
        before = read_counts().get(("helped",), 0.0)
        speeds = sorted(bench.load_lists(events=EVENTS)[0] for _ in range(RUNS))
        helped = read_counts().get(("helped",), 0.0) - before
    return {
        f"deep_batch_events_per_s_{processes}_processes": speeds[RUNS // 2],
        f"deep_share_helped_{processes}_processes": helped / (EVENTS * RUNS),
    }


def main() -> None:
    parser = ArgumentParser(description="Measure what sharing out explanations brings.")
    parser.add_argument("--depth", type=int, default=DEPTH)
    scene, path = Scene(depth=parser.parse_args().depth), RESULTS / "fan_out.json"
    report = Report(path, {"commit": commit(), "machine": machine()})
    with installation(scene):
        report.add(describe_model())
        for processes in (1, 2):
            report.begin(f"lists, {processes} of the worker")
            report.add(measure(scene, processes=processes))
    report.finish()
    print_table(report.figures)
    print(f"\nwritten to {path}")


if __name__ == "__main__":
    main()
