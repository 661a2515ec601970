"""The table of injected faults: `python -m benchmarks.faults`, or `make bench-faults`.

The whole product runs on a virtual clock: 60 quiet days, then each fault in a copy of the installation as it
is after them. `--fault NAME` runs some of the faults, `--days` sets the quiet days. With ASSAY_BENCH_VAR the
installation after the quiet days is kept, and the next run begins with it. Writes
benchmarks/results/faults.json.
"""

import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from benchmarks.django_setup import KEPT, VAR  # sets Django up, so it comes first

# isort: split
import orjson
from django.core.management import call_command
from django.db import connection, connections

from benchmarks.faults import copies
from benchmarks.faults.injected import BY_NAME, FAULTS
from benchmarks.faults.installation import HISTORY_DAYS, START, analyze, installation, set_up
from benchmarks.faults.outcomes import fired_since
from benchmarks.faults.table import fault_table, quiet_text
from benchmarks.faults.traffic import draw_traffic
from benchmarks.report import Report
from benchmarks.stack import commit, machine
from embedded import services

RESULTS = Path(__file__).resolve().parent.parent / "results"
DAYS, RATE = 60, 1_000.0
INJECTED_AT = timedelta(hours=10)  # of the day after the quiet ones
PROCESSES = 2  # faults at the same time
FRAME, QUIET = "faults.parquet", "quiet.json"


def quiet_days(*, days: int, rate: float) -> dict[str, Any]:
    """Set up the installation and let the quiet days pass; returns what fired. Kept if it is there."""
    end = START + timedelta(days=days) + INJECTED_AT
    if (VAR / QUIET).exists():
        kept: dict[str, Any] = orjson.loads((VAR / QUIET).read_bytes())
        return kept
    longest = max(fault.lasts + fault.recovers for fault in FAULTS) + timedelta(days=8)
    frame = draw_traffic(since=START - timedelta(days=HISTORY_DAYS), until=end + longest, rate=rate)
    frame.to_parquet(VAR / FRAME)
    set_up(frame)
    analyze()
    run = installation(frame, now=START)
    with run.running():
        while run.now < end:
            run.run_until(min(run.now + timedelta(days=1), end))
            if (run.now - START).days in (1, 7, 30):
                analyze()
            print(f"\r{(run.now - START).days} quiet days", end="", flush=True)
    fired = [each.as_data() for each in fired_since(START)]
    quiet = {"days": days, "rate_per_day": rate, "events": run.events, "fired": fired, "end": end.isoformat()}
    connections.close_all()
    copies.copy(VAR, source=0, target=copies.SAVED)
    (VAR / QUIET).write_bytes(orjson.dumps(quiet))
    return quiet


def inject(names: Sequence[str], *, at: str, processes: int, report: Report) -> list[dict[str, Any]]:
    """Run each fault in a copy; the results in the order given."""
    free: SimpleQueue[int] = SimpleQueue()
    for number in range(processes):
        free.put(copies.SAVED + 1 + number)

    def one(name: str) -> dict[str, Any]:
        number = free.get()
        try:
            return inject_one(name, number=number, at=at)
        finally:
            free.put(number)
            report.begin(f"{name} done")

    with ThreadPoolExecutor(processes) as pool:
        return list(pool.map(one, names))


def inject_one(name: str, *, number: int, at: str) -> dict[str, Any]:
    copies.copy(VAR, source=copies.SAVED, target=number)
    out = VAR / f"fault-{name}.json"
    environment = os.environ | {
        "ASSAY_BENCH_VAR": str(VAR),
        "DATABASE_URL": copies.database_url(VAR, number),
        "REDIS_URL": copies.redis_url(VAR, number),
        "ASSAY_OFFLINE_URL": str(copies.offline_directory(VAR, number)),
    }
    command = [sys.executable, "-m", "benchmarks.faults.one", name, "--at", at]
    command += ["--frame", str(VAR / FRAME), "--out", str(out)]
    subprocess.run(command, env=environment, check=True)
    copies.remove(VAR, number)
    result: dict[str, Any] = orjson.loads(out.read_bytes())
    return result


def main() -> None:
    parser = ArgumentParser(description="Inject faults into the whole product on a virtual clock.")
    parser.add_argument("--fault", action="append", choices=BY_NAME, help="this one only; may be repeated")
    parser.add_argument("--days", type=int, default=DAYS, help="quiet days (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=RATE, help="payments a day (default: %(default)s)")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="(default: %(default)s)")
    parser.add_argument("--out", type=Path, default=RESULTS / "faults.json")
    options = parser.parse_args()
    report = Report(options.out, {"commit": commit(), "machine": machine()})
    try:
        services.start(VAR)
        call_command("migrate", verbosity=0)
        report.begin(f"{options.days} quiet days")
        quiet = quiet_days(days=options.days, rate=options.rate)
        report.add({"quiet": quiet})
        print(f"\n{quiet_text(quiet)}")
        names = options.fault or list(BY_NAME)
        found = inject(names, at=quiet["end"], processes=options.processes, report=report)
        report.add({"faults": found})
        report.finish()
    finally:
        connection.close()
        services.stop(VAR)
        if not KEPT:
            shutil.rmtree(VAR, ignore_errors=True)
    print(f"\n{quiet_text(quiet)}\n\n{fault_table(found)}\n\nwritten to {options.out}")


if __name__ == "__main__":
    main()
