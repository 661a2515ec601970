"""Training as a user waits for it: `python -m benchmarks.training` (`--events N`, `--rows N`).

Reads a log of a million simulated payments as `manage.py train` does (the values of categories, the lane with
its batch views, labels), without an export, and fits a model of 200 trees to a million rows of 60 features.
Seconds are wall time and, where named so, CPU time of this process. `make bench` does the same with the
history of its installation.
"""

import shutil
import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.db import connection

from benchmarks.django_setup import KEPT, VAR  # sets Django up, so it comes first
from benchmarks.installation import EVENT_TYPE, RATE_PER_DAY, InstallationSize, load_history, start_services
from benchmarks.references import between, in_words, measure_references
from benchmarks.report import Report, print_table, say
from benchmarks.stack import commit, machine
from embedded import services
from scoring.catalog.registry import scored_type
from scoring.intake.models import Event
from scoring.learning.dataset.training_set import TrainingSet
from scoring.learning.dataset.vectors_and_labels import read_labels, read_selection, read_vectors
from scoring.learning.dataset.vocabularies import count_vocabulary
from scoring.learning.training.fit import train_model
from scoring.learning.training.recipe import TrainingConfig

RESULTS = Path(__file__).parent / "results"
EVENTS = ROWS = 1_000_000
FEATURES, FRAUD = 60, 0.01
DAY_US = 86_400_000_000
# Patience and a low learning rate keep all trees, so that the work is always the same.
CONFIG = TrainingConfig(trees=200, depth=6, learning_rate=0.02, patience=200)
Figures = dict[str, Any]


def reading_figures() -> Figures:
    """Seconds to read the installation's payments from the log, by step, and for a million of them."""
    now = datetime.now(UTC)
    figures: Figures = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        wall, spent = time.perf_counter(), time.process_time()
        found = work()
        figures[f"training_read_{name}_s"] = time.perf_counter() - wall
        figures[f"training_read_{name}_cpu_s"] = time.process_time() - spent
        return found

    vocabulary = timed("categories", lambda: count_vocabulary(scored_type(EVENT_TYPE), as_of=now))
    vectors = timed("lane", lambda: read_vectors(EVENT_TYPE, vocabulary=vocabulary))
    timed("labels", lambda: read_labels(vectors))
    timed("selection", lambda: read_selection(vectors))
    events = len(vectors.positions)
    seconds = sum(spent for name, spent in figures.items() if not name.endswith("_cpu_s"))
    return {
        "training_read_events": events,
        **figures,
        "training_read_s_per_million_events": seconds / events * 1e6,
    }


def fitting_figures(rows: int = ROWS) -> Figures:
    """Seconds to fit, calibrate and measure a model on `rows` rows."""
    data = synthetic_set(rows)
    wall, spent = time.perf_counter(), time.process_time()
    trained = train_model(data=data, config=CONFIG)
    return {
        "training_fit_rows": rows,
        "training_fit_features": FEATURES,
        "training_fit_trees": trained.rounds,
        "training_fit_s": time.perf_counter() - wall,
        "training_fit_cpu_s": time.process_time() - spent,
    }


def synthetic_set(rows: int) -> TrainingSet:
    """A year of events with random features, a few of which say something about the label."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((rows, FEATURES), dtype=np.float32)
    risk = X[:, :5].sum(axis=1) + 2 * rng.standard_normal(rows, dtype=np.float32)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    since = int(start.timestamp() * 1e6)
    return TrainingSet(
        event_type=EVENT_TYPE,
        feature_names=tuple(f"feature_{column}" for column in range(FEATURES)),
        feature_set="",
        X=X,
        y=(risk > np.quantile(risk, 1 - FRAUD)).astype(np.int8),
        occurred_at=since + np.linspace(0, 365 * DAY_US, rows).astype(np.int64),
        positions=np.arange(rows),
        groups=rng.integers(0, rows // 20, rows),
        inferred=np.zeros(rows, dtype=bool),
        as_of=start + timedelta(days=400),
        vocabularies={},
    )


def main() -> None:
    parser = ArgumentParser(description="Measure reading and fitting, as trainings do both.")
    parser.add_argument("--events", type=int, default=EVENTS, help="payments to read; 0: none")
    parser.add_argument("--rows", type=int, default=ROWS, help="rows to fit; 0: none")
    parser.add_argument("--out", type=Path, default=RESULTS / "training.json")
    options = parser.parse_args()
    report = Report(options.out, {"commit": commit(), "machine": machine()})
    start_services()
    try:
        before = measure_references()
        if options.events:
            report.begin(f"setting up {options.events:,} payments")
            if not Event.objects.exists():
                load_history(InstallationSize(days=options.events // RATE_PER_DAY))
            report.begin("reading")
            report.add(reading_figures())
        if options.rows:
            report.begin(f"fitting {options.rows:,} rows")
            report.add(fitting_figures(options.rows))
        after = measure_references()
        report.add(between(before, after, "training"))
        say(f"    the machine: {in_words(before)}; afterwards {in_words(after)}")
        report.finish()
    finally:
        connection.close()
        services.stop(VAR)
        if not KEPT:
            shutil.rmtree(VAR, ignore_errors=True)
    print_table(report.figures)


if __name__ == "__main__":
    main()
