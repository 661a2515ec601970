"""Growth of figures with stored events, features and trees: `python -m benchmarks.growth`.

Each number of events gets its own installation and process. Features and trees are measured in CPU time of
one core, without stored events; `--events` without a number measures only these.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.backfill import measure_growth as measure_backfill_growth
from benchmarks.django_setup import KEPT, VAR  # sets Django up, so it comes first
from benchmarks.explain import measure as measure_explanations
from benchmarks.features import bulk_figures, single_figures
from benchmarks.installation import DAYS
from benchmarks.report import Report, at_size, print_table
from benchmarks.stack import BASE_DIR, commit, machine
from benchmarks.widths import plans_by_width
from scoring.features.compile.plan import LanePlan

RESULTS = Path(__file__).parent / "results"
EVENTS = (10_000, 100_000, 1_000_000)  # of history
TREES = (50, 200, 500)
ROWS, SINGLES = 300_000, 3_000
WANTED = (
    *("events_stored_before", "set_up_history_s", "set_up_model_s", "set_up_consumers_s"),
    *("ready_s", "worker_ready_s"),
    *("sync_p50_ms_100rps", "sync_p95_ms_100rps", "sync_p99_ms_100rps", "batch_events_per_s"),
    *("cpu_ms_per_event", "batch_cpu_ms_per_event", "stored_bytes_per_event"),
    *("online_entities", "online_bytes_per_entity"),
    *("web_rss_mib", "worker_rss_mib", "postgres_pss_mib", "redis_pss_mib"),
)
EXPLAINED = (
    *("explain_ms_per_row_1", "explain_ms_per_row_64", "explain_shap_ms_per_row_1"),
    *("explain_shap_ms_per_row_64", "explain_build_s", "explain_table_mib"),
)
Figures = Mapping[str, Any]


def measure_growth(report: Report, events: Sequence[int] = EVENTS) -> None:
    """Add figures by name and size, such as `sync_p50_ms_100rps_at_1000000_events`."""
    bulk_figures(1_000)  # compiles
    for features, plan in plans_by_width().items():
        report.begin(f"{features} features")
        report.add(at_size(measure_features(plan), features, "features"))
    for trees in TREES:
        report.begin(f"{trees} trees")
        explained = measure_explanations(trees)
        report.add(at_size({name: explained[name] for name in EXPLAINED}, trees, "trees"))
    report.begin("backfill")
    report.add(measure_backfill_growth())
    for number in events:
        report.begin(f"{number:,} events of history")
        brief = measure_in_process(number)
        report.add(at_size({name: brief[name] for name in WANTED}, number, "events"))


def measure_features(plan: LanePlan) -> Figures:
    """Time of the kernel in bulk and per event, the states that an event touches, and explanations."""
    bulk = bulk_figures(ROWS, plan)
    explained = measure_explanations(plan=plan)
    return {
        "backfill_us_per_event": bulk["all_us"],
        "kernel_us_per_event": bulk["kernel_us"],
        "one_event_us": single_figures(SINGLES, plan)["median_us"],
        "state_bytes_of_an_event": sum(kind.words * 8 for kind in plan.entity_kinds),
        **{name: explained[name] for name in EXPLAINED},
    }


def measure_in_process(events: int) -> Figures:
    """The brief mode's figures for an installation with `events` events of history."""
    return figures_of("benchmarks.bench", "--mode", "brief", "--rate-per-day", str(events // DAYS))


def figures_of(module: str, *options: str) -> Figures:
    """The figures that a benchmark writes, run as a process with an installation of its own."""
    environment = {k: v for k, v in os.environ.items() if k not in ("ASSAY_VAR", "ASSAY_BENCH_VAR")}
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "figures.json"
        command = [sys.executable, "-m", module, *options, "--out", str(out)]
        subprocess.run(command, cwd=BASE_DIR, env=environment, check=True)
        found: dict[str, Any] = json.loads(out.read_bytes())
    return found


def main() -> None:
    parser = ArgumentParser(description="Measure how figures grow.")
    parser.add_argument("--events", type=int, nargs="*", default=EVENTS, help="numbers of events of history")
    options = parser.parse_args()
    report = Report(RESULTS / "growth.json", {"commit": commit(), "machine": machine()})
    try:
        measure_growth(report, options.events)
    finally:
        if not KEPT:
            shutil.rmtree(VAR, ignore_errors=True)
    report.finish()
    print_table(report.figures)


if __name__ == "__main__":
    main()
