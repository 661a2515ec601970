"""How figures grow with the events stored (each number in an installation of its own), features and trees."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.backfill import measure_growth as measure_backfill_growth
from benchmarks.explain import measure as measure_explanations
from benchmarks.report import Report
from benchmarks.scene import DAYS
from benchmarks.stack import BASE_DIR
from benchmarks.widths import EXPLAINED, measure_width, payments_by_width, plan_of

EVENTS = (10_000, 100_000, 1_000_000)  # of history
TREES = (50, 200, 500)
WANTED = (
    *("events_stored_before", "sync_p50_ms_100rps", "sync_p99_ms_100rps", "batch_events_per_s"),
    *("cpu_ms_per_event", "stored_bytes_per_event", "online_entities", "online_bytes_per_entity"),
    *("worker_rss_mib", "postgres_pss_mib", "redis_pss_mib"),
)


def measure_growth(report: Report) -> None:
    """Adds figures by name and size: `sync_p50_ms_100rps_at_1000000_events`."""
    for events in EVENTS:
        report.begin(f"{events:,} events of history")
        brief = measure_apart(events)
        report.add({f"{name}_at_{events}_events": brief[name] for name in WANTED})
    for payment in payments_by_width():
        plan = plan_of(payment)
        report.begin(f"{len(plan.feature_set(payment.name).names)} features")
        report.add(measure_width(plan))
    for trees in TREES:
        report.begin(f"{trees} trees")
        explained = measure_explanations(trees)
        report.add({f"{name}_at_{trees}_trees": explained[name] for name in EXPLAINED})
    report.begin("backfill")
    report.add(measure_backfill_growth())


def measure_apart(events: int) -> dict[str, Any]:
    """The brief figures of an installation that begins with so many events."""
    environment = {k: v for k, v in os.environ.items() if k not in ("ASSAY_VAR", "ASSAY_BENCH_VAR")}
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "brief.json"
        options = ["--mode", "brief", "--rate-per-day", str(events // DAYS), "--out", str(out)]
        subprocess.run(
            [sys.executable, "-m", "benchmarks.bench", *options], cwd=BASE_DIR, env=environment, check=True
        )
        found: dict[str, Any] = json.loads(out.read_bytes())
    return found
