"""Backfill compared with pandas, Polars and DuckDB on the same windows: `python -m benchmarks.backfill`.

Computes 60 features of five entities for every payment of a Parquet file (see `benchmarks.windows`). The
tools take turns, each time in a new process, and medians are reported. Values are compared on rows throughout
the file: DuckDB's with Assay's, whose windows begin at a tile, and Polars's with pandas's, whose windows are
exact. `--growth` also measures Assay's cost per event at up to 3 million events.
"""

import json
import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import print_table, say, write
from benchmarks.stack import BASE_DIR, commit, machine

RESULTS = Path(__file__).parent / "results"
ROWS, ROUNDS, SHORT_ROWS = 1_000_000, 3, 100_000
GROWTH = (100_000, 300_000, 1_000_000, 3_000_000)
THREADS = os.cpu_count() or 1
# Threads by run.
RUNS = {"assay": THREADS, "assay_1": 1, "duckdb": THREADS, "polars": THREADS, "pandas": 1}
SAME_WINDOWS = (("assay", "assay_1"), ("assay", "duckdb"), ("polars", "pandas"))
# Sums of squares lose digits where amounts are nearly equal, differently in each tool.
TOLERANCE = {"rtol": 1e-6, "atol": 1e-3}
Figures = dict[str, Any]


def measure_backfill(rows: int = ROWS, *, rounds: int = ROUNDS) -> Figures:
    """Figures by tool, and the ratio of Assay's rate to the fastest other's."""
    runs: dict[str, list[Figures]] = {name: [] for name in RUNS}
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "payments.parquet"
        run_in_process("benchmarks.windows", str(path), str(rows))
        for _ in range(rounds):
            for name, threads in RUNS.items():
                sample = Path(directory) / f"{name}.npy"
                runs[name].append(measure_one(name.removesuffix("_1"), path, threads, sample))
        compare_values(Path(directory))
    figures: Figures = {"backfill_rows": rows, "backfill_values": runs["assay"][0]["values"]}
    for name, measured in runs.items():
        middle = {key: float(np.median([run[key] for run in measured])) for key in measured[0]}
        figures |= {
            f"backfill_{name}_events_per_s": rows / middle["seconds"],
            f"backfill_{name}_cpu_us_per_event": middle["cpu_seconds"] / rows * 1e6,
            f"backfill_{name}_memory_mib": middle["memory_mib"],
        }
    return figures | compare_with_best(figures)


def compare_with_best(figures: Figures) -> Figures:
    rates = {name: figures[f"backfill_{name}_events_per_s"] for name in ("duckdb", "polars", "pandas")}
    best = max(rates, key=lambda name: rates[name])
    return {
        "backfill_best_other": best,
        "backfill_vs_best_ratio": figures["backfill_assay_events_per_s"] / rates[best],
        "backfill_vs_best_cpu_ratio": figures[f"backfill_{best}_cpu_us_per_event"]
        / figures["backfill_assay_cpu_us_per_event"],
        "backfill_threads_ratio": figures["backfill_assay_events_per_s"]
        / figures["backfill_assay_1_events_per_s"],
    }


def measure_growth() -> Figures:
    """Microseconds of CPU time per event, and memory, at each size; the values are discarded."""
    figures: Figures = {}
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "payments.parquet"
        for rows in GROWTH:
            run_in_process("benchmarks.windows", str(path), str(rows))
            found = measure_one("assay_states", path, THREADS, Path(directory) / "none.npy")
            figures[f"backfill_growth_cpu_us_at_{rows}_events"] = found["cpu_seconds"] / rows * 1e6
            figures[f"backfill_growth_events_per_s_at_{rows}_events"] = rows / found["seconds"]
            figures[f"backfill_growth_memory_mib_at_{rows}_events"] = found["memory_mib"]
    return figures


def measure_one(name: str, path: Path, threads: int, sample: Path) -> Figures:
    say(f"  {name}, {threads} threads")
    result = run_in_process("benchmarks.contenders", name, str(path), str(threads), str(sample))
    found: Figures = json.loads(result.splitlines()[-1])
    return found


def compare_values(directory: Path) -> None:
    """Raises ValueError if two tools with the same windows disagree."""
    for one, other in SAME_WINDOWS:
        values, others = (np.load(directory / f"{name}.npy") for name in (one, other))
        if not np.allclose(values, others, equal_nan=True, **TOLERANCE):
            raise ValueError(f"{one} and {other} disagree")


def run_in_process(module: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=BASE_DIR,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    )
    return done.stdout


def main() -> None:
    parser = ArgumentParser(description="Compare backfill with pandas, Polars and DuckDB.")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--growth", action="store_true", help="also measure 100 thousand to 3 million events")
    options = parser.parse_args()
    figures: Figures = {"commit": commit(), "machine": machine()}
    figures |= measure_backfill(options.rows, rounds=options.rounds)
    if options.growth:
        figures |= measure_growth()
    print_table(figures)
    write(figures, RESULTS / "backfill.json")


if __name__ == "__main__":
    main()
