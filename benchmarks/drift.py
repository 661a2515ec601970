"""Drift of 60 features over 1 million events, from hourly windows; and by Evidently from the raw events.

    python -m benchmarks.drift [--rows 1000000] [--evidently /path/to/a/python/with/evidently]

Prints medians in milliseconds beside the reference loop. Evidently is no requirement of this project; it
reads the same columns from a Parquet file and reports the PSI of each.
"""

import benchmarks.django_setup  # noqa: F401  isort:skip

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.references import reference_loop
from monitoring.drift.history import read_history
from monitoring.drift.report import compare
from monitoring.models import ModelWindow
from monitoring.windows.binning import Reference, pack
from monitoring.windows.model_windows import MILLION
from scoring.learning.metrics.reference import TimedRows, describe_days, describe_reference

FEATURES, TRAINED, DAYS, RUNS = 60, 200_000, 42, 7
UNTIL = datetime(2026, 3, 1, tzinfo=UTC)
THRESHOLDS = {"review": 0.5, "block": 0.9}
EVIDENTLY = """
import sys, time, warnings
warnings.simplefilter("ignore")
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
then, now = pd.read_parquet(sys.argv[1]), pd.read_parquet(sys.argv[2])
started = time.perf_counter()
Report([DataDriftPreset(method="psi")]).run(now, then)
print((time.perf_counter() - started) * 1e3)
"""


def make_columns(rows: int, *, seed: int) -> NDArray[np.float32]:
    """float32[rows, FEATURES]: counts, amounts and times, a tenth of every third column missing."""
    random = np.random.default_rng(seed)
    X = random.gamma(1.5, 10.0, (rows, FEATURES)).astype(np.float32)
    X[:, ::4] = np.floor(X[:, ::4] / 10)
    X[:, ::3] = np.where(random.random((rows, len(range(0, FEATURES, 3)))) < 0.1, np.nan, X[:, ::3])
    return X


def make_reference(X: NDArray[np.float32]) -> Reference:
    names = [f"f{number}" for number in range(FEATURES)]
    score = np.random.default_rng(0).beta(1, 30, len(X) // 10)
    stored = describe_reference(X=X, names=names, codes=[], score=score, thresholds=THRESHOLDS)
    until = int(UNTIL.timestamp() * 1e6)
    times = until - np.linspace(DAYS * 86_400e6, 1, len(X)).astype(np.int64)
    rows = [TimedRows(X, times)]
    days = describe_days(
        rows, features=stored["features"], scores=[(score, times[-len(score) :])], until=until
    )
    reference = Reference.of(stored | {"days": days})
    if reference is None:
        raise ValueError("the reference has no features")
    return reference


def make_windows(X: NDArray[np.float32], reference: Reference, *, hours: int) -> list[ModelWindow]:
    """The rows in as many hourly windows of a week."""
    random = np.random.default_rng(1)
    return [
        ModelWindow(
            model="m",
            start=UNTIL + timedelta(hours=hour),
            rows=len(part),
            features=pack(reference.count_vectors(part.astype(np.float64))),
            scores=pack(reference.count_scores(random.beta(1, 30, len(part)))),
            contributions=pack(random.integers(1, MILLION, FEATURES)),
        )
        for hour, part in enumerate(np.array_split(X, hours))
    ]


def timed(work: Callable[[], object]) -> float:
    """The median of some runs in milliseconds."""
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return 1e3 * median(seconds)


def time_evidently(python: str, then: NDArray[np.float32], now: NDArray[np.float32]) -> float:
    with tempfile.TemporaryDirectory() as directory:
        paths = [str(Path(directory) / f"{name}.parquet") for name in ("then", "now")]
        for path, X in zip(paths, (then, now), strict=True):
            columns = {f"f{number}": column for number, column in enumerate(X.T)}
            pq.write_table(pa.table(columns), path)
        out = subprocess.run([python, "-c", EVIDENTLY, *paths], check=True, capture_output=True, text=True)
    return float(out.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the analysis of drift.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--evidently", help="a Python with the package evidently")
    options = parser.parse_args()
    then, now = make_columns(TRAINED, seed=1), make_columns(options.rows, seed=2)
    reference = make_reference(then)
    windows = make_windows(now, reference, hours=168)
    loop = median(reference_loop() for _ in range(RUNS))
    report = timed(lambda: compare("m", windows, reference, specs={}, since=UNTIL))
    history = timed(
        lambda: read_history(reference, windows, specs={}, now=windows[-1].start + timedelta(hours=1))
    )
    sys.stdout.write(f"reference loop {loop:.2f} ms\n")
    sys.stdout.write(f"{options.rows:,} events x {FEATURES} features, 168 windows: report {report:.1f} ms,")
    sys.stdout.write(f" history of 28 days {history:.1f} ms\n")
    if options.evidently:
        taken = time_evidently(options.evidently, then, now)
        sys.stdout.write(f"Evidently, PSI from raw events: {taken:,.0f} ms\n")


if __name__ == "__main__":
    main()
