"""The search for similar cases: `python -m benchmarks.similar_cases [cases]`.

Starts its own services in a temporary directory, explains synthetic payments by a model of 100 trees, stores
the explanations as those of decided cases and asks for the five that are nearest to others. Prints what share
of the exact answer the index finds (recall), what share hashing keeps, and the time of either way.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

VAR = tempfile.mkdtemp(prefix="assay-similar-")
os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "ASSAY_VAR": VAR}
os.environ.setdefault("ASSAY_LOG_LEVEL", "ERROR")

import django  # noqa: E402

django.setup()

import numpy as np  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from benchmarks.explain import payment_vectors  # noqa: E402
from benchmarks.references import reference_loop  # noqa: E402
from embedded import services  # noqa: E402
from reviews.similar.database import INDEX, TABLE, prepare_search  # noqa: E402
from reviews.similar.search import MAX_NEWEST, compare_newest, search_index  # noqa: E402
from reviews.similar.vectors import explanation_vector, main_contributions  # noqa: E402
from scoring.explain.prediction import load_booster  # noqa: E402
from scoring.explain.treeshap import explainer_for  # noqa: E402
from scoring.features.compile.plan import lane_plan  # noqa: E402
from scoring.learning.training.growing import grow  # noqa: E402
from scoring.learning.training.recipe import TrainingConfig  # noqa: E402
from scoring.sql.bulk_tables import copy_values  # noqa: E402

CASES, ASKED, SHOWN, AT_ONCE, TREES = 100_000, 500, 5, 5_000, 100

Matrix = NDArray[np.float32]


def explained_payments(rows: int) -> tuple[list[str], Matrix]:
    """The names of the features and the contributions [rows, features] of a model to scores of payments."""
    plan = lane_plan("commerce")
    X, y = payment_vectors(rows, plan)
    grown, _ = grow(X=X, y=y, rounds=TREES, config=TrainingConfig(trees=TREES))
    explainer = explainer_for(load_booster(bytes(grown.save_raw("ubj")), threads=1))
    parts = [explainer.explain(X[at : at + AT_ONCE])[1][:, :-1] for at in range(0, rows, AT_ONCE)]
    return list(plan.feature_set("payment").names), np.concatenate(parts).astype(np.float32)


def hashed(names: Sequence[str], contributions: Matrix) -> tuple[Matrix, list[list[tuple[str, float]]]]:
    """The vectors of explanations, and the main contributions of each."""
    told = [dict(zip(names, row, strict=True)) for row in contributions.tolist()]
    vectors = [explanation_vector("payment", each) for each in told]
    return np.array(vectors, np.float32), [main_contributions(each) for each in told]


def store(vectors: Matrix, main: Sequence[Any]) -> None:
    """Store decided cases at positions from 1; the index is built by `prepare_search`."""
    texts = ("{" + ",".join(f"{number:.7g}" for number in vector.tolist()) + "}" for vector in vectors)
    rows = (
        (at, "payment", text, json.dumps(each))
        for at, (text, each) in enumerate(zip(texts, main, strict=True), start=1)
    )
    copy_values(connection, TABLE, ("event_position", "event_type", "vector", "main"), list(rows))


def nearest(vectors: Matrix, asked: Matrix) -> list[set[int]]:
    """The positions of the nearest vectors to each one asked for, by comparing it with all."""
    lengths = np.linalg.norm(vectors, axis=1)
    products = (vectors @ asked.T).T / np.where(lengths > 0, lengths, 1)
    return [{int(at) + 1 for at in np.argpartition(-row, SHOWN)[:SHOWN]} for row in products]


def recall(found: Sequence[set[int]], exact: Sequence[set[int]]) -> float:
    return sum(len(a & b) for a, b in zip(found, exact, strict=True)) / (SHOWN * len(exact))


def timed(search: Callable[[Matrix], Any], asked: Matrix) -> tuple[list[Any], float]:
    """The answers, and the median milliseconds of one."""
    answers, spent = [], []
    for vector in asked:
        started = time.perf_counter()
        answers.append(search(vector))
        spent.append(time.perf_counter() - started)
    return answers, 1e3 * median(spent)


def measure(cases: int) -> dict[str, float]:
    """All figures by name: shares, milliseconds and seconds."""
    names, contributions = explained_payments(cases + ASKED)
    vectors, main = hashed(names, contributions)
    stored, asked = vectors[:cases], vectors[cases:]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {INDEX}")
    store(stored, main[:cases])
    started = time.perf_counter()
    if not prepare_search():
        raise SystemExit("this PostgreSQL has no pgvector")
    built = time.perf_counter() - started
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {TABLE}")

    def by_index(vector: Matrix) -> set[int]:
        return {each.position for each in search_index("payment", vector, position=0, limit=SHOWN)}

    def one_by_one(newest: int) -> Callable[[Matrix], Any]:
        return lambda vector: compare_newest("payment", vector, position=0, limit=SHOWN, newest=newest)

    exact = nearest(stored, asked)
    found, index_ms = timed(by_index, asked)
    return {
        "cases": cases,
        "features": len(names),
        "recall@5 of the index": recall(found, exact),
        "recall@5 of hashing": recall(exact, nearest(contributions[:cases], contributions[cases:])),
        "index, ms": index_ms,
        "exact, all cases, ms": timed(one_by_one(cases), asked[:10])[1],
        f"exact, {MAX_NEWEST:,} newest cases, ms": timed(one_by_one(MAX_NEWEST), asked[:50])[1],
        "building the index, s": built,
        "reference loop, ms of CPU time": reference_loop(),
    }


def main() -> None:
    try:
        services.start(settings.VAR_DIR)
        call_command("migrate", verbosity=0)
        for name, figure in measure(int(sys.argv[1]) if len(sys.argv) > 1 else CASES).items():
            print(f"{name:40} {figure:12,.3f}")
    finally:
        connection.close()
        services.stop(settings.VAR_DIR)
        shutil.rmtree(VAR, ignore_errors=True)


if __name__ == "__main__":
    main()
