"""Content end to end: `python -m benchmarks.content`, some minutes; `--hashes` sets the size of the bank.

Posts of about 1,000 characters are decided by a model with a head for every policy, beside a bank of a
million hashes: alone, in lists, and while files are uploaded, processed and their posts decided again. One
file in twenty is a bad one. Writes benchmarks/results/content.json.
"""

import shutil
from argparse import ArgumentParser
from pathlib import Path

from django.db import connection

from benchmarks.bench import CONCURRENT_RATE, RESULTS, measure_lists
from benchmarks.content.installation import HASHES, describe_champion, set_up
from benchmarks.content.measuring import (
    measure_beside_media,
    measure_child,
    measure_posts,
    measure_throughput,
)
from benchmarks.django_setup import KEPT, VAR  # sets Django up, so it comes first
from benchmarks.driver import LIST, Bench
from benchmarks.modes import MODES, Mode
from benchmarks.references import reference_loop
from benchmarks.report import Report, print_table
from benchmarks.stack import PROCESSES, Stack, commit, machine, started
from embedded import services
from scoring.intake.models import Event


def measure(mode: Mode, *, hashes: int, report: Report) -> None:
    """Set up an installation and measure it."""
    report.begin("setting up")
    try:
        report.add(set_up(hashes=hashes))
        report.add({"events_stored_before": Event.objects.count(), "hashes": hashes} | describe_champion())
        measure_installation(mode, report)
    finally:
        connection.close()
        services.stop(VAR)
        if not KEPT:
            shutil.rmtree(VAR, ignore_errors=True)


def measure_installation(mode: Mode, report: Report) -> None:
    stack = Stack(VAR, (*PROCESSES, "media"))
    report.begin("starting up")
    with started(stack) as seconds:
        report.add({"ready_s": seconds, "reference_loop_ms": reference_loop()})
        bench = Bench(stack, traffic="content")
        report.begin("warming up")
        bench.offer(rate=CONCURRENT_RATE, seconds=mode.warm_up)
        report.begin(f"posts, {mode.runs} times")
        report.add(measure_posts(bench, runs=mode.runs, seconds=mode.seconds))
        report.begin("posts beside files")
        report.add(measure_beside_media(bench, seconds=mode.seconds * 2))
        report.begin("files")
        report.add(measure_throughput(bench) | measure_child(bench))
        report.begin(f"lists of {LIST}")
        report.add(measure_lists(bench, mode))
        report.add({"reference_loop_after_ms": reference_loop()})


def main() -> None:
    parser = ArgumentParser(description="Measure content end to end.")
    parser.add_argument("--mode", choices=MODES, default="short")
    parser.add_argument("--hashes", type=int, default=HASHES, help="in the bank (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=RESULTS / "content.json")
    options = parser.parse_args()
    report = Report(options.out, {"commit": commit(), "machine": machine()})
    measure(MODES[options.mode], hashes=options.hashes, report=report)
    report.finish()
    print_table(report.figures)
    print(f"\nwritten to {options.out}")


if __name__ == "__main__":
    main()
