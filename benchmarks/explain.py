"""Speed of explanations: `python -m benchmarks.explain [trees]`.

A model of 200 trees of depth 6 on payment vectors is explained by our tables (including margins), shap's
TreeExplainer and XGBoost's `pred_contribs` in turn. Medians over many rows, in CPU time of one core, warmed
up.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import django
import numpy as np
from numpy.typing import NDArray

os.environ["OMP_NUM_THREADS"] = "1"  # shap makes XGBoost use all cores, which is slower here
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import shap  # noqa: E402 -- the catalog needs Django's applications

from benchmarks.features import make_columns  # noqa: E402
from scoring.explain.prediction import load_booster, predict_contributions, predict_margin  # noqa: E402
from scoring.explain.treeshap import TableExplainer, compile_kernels, explainer_for  # noqa: E402
from scoring.features.compile.plan import LanePlan, lane_plan  # noqa: E402
from scoring.features.folding.arena import Arena  # noqa: E402
from scoring.features.folding.encode_columns import encode_columns  # noqa: E402
from scoring.features.folding.fold import fold  # noqa: E402
from scoring.learning.training.growing import grow  # noqa: E402
from scoring.learning.training.recipe import TrainingConfig  # noqa: E402

ROWS = 60_000
TREES = 200
ROUNDS = 8
BATCHES = {1: 50, 64: 10}  # batches timed per round, by rows per batch


def payment_vectors(rows: int, plan: LanePlan) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Vectors of synthetic payments and their labels: 3 % fraud, partly predictable from the vector."""
    batch = encode_columns(plan, "payment", make_columns(rows))
    X = plan.feature_set("payment").vector_of(fold(plan, batch, Arena(plan))).astype(np.float32)
    rng = np.random.default_rng(11)
    telling = rng.choice(X.shape[1], 12, replace=False)
    ranks = np.argsort(np.argsort(np.nan_to_num(X[:, telling], nan=-1.0), axis=0), axis=0) / rows - 0.5
    log_odds = (
        ranks @ rng.normal(scale=2.0, size=12) + 6 * ranks[:, 0] * ranks[:, 1] + rng.logistic(size=rows)
    )
    return X, (log_odds > np.quantile(log_odds, 0.97)).astype(np.int8)


def measure(trees: int = TREES, plan: LanePlan | None = None) -> dict[str, Any]:
    """All figures by name, in milliseconds per row or seconds. `plan` may declare other features."""
    X, y = payment_vectors(ROWS, plan or lane_plan("commerce"))
    grown, _ = grow(X=X, y=y, rounds=trees, config=TrainingConfig(trees=trees))
    booster = load_booster(bytes(grown.save_raw("ubj")), threads=1)
    compile_kernels()
    started = time.process_time()
    explainer = explainer_for(booster)
    built = time.process_time() - started
    if not isinstance(explainer, TableExplainer):
        raise SystemExit(f"explained by {explainer}")
    reference = shap.TreeExplainer(booster)
    ours = explainer.explain(X[:2_000])
    return {
        "explain_features": X.shape[1],
        "explain_leaves_per_tree": float((booster.trees_to_dataframe().Feature == "Leaf").sum() / trees),
        "explain_build_s": built,
        "explain_table_mib": explainer.tables.nbytes / 2**20,
        **_speeds(X, 1, explainer, reference, booster),
        **_speeds(X, 64, explainer, reference, booster),
        "explain_max_abs_diff": max(
            _difference(ours[1][:, :-1], reference.shap_values(X[:2_000])),
            _difference(ours[1], predict_contributions(booster, X[:2_000])),
        ),
        "explain_max_margin_gap": _difference(ours[1].sum(axis=1), ours[0]),
        "explain_margins_equal": bool((ours[0] == predict_margin(booster, X[:2_000])).all()),
    }


def _speeds(
    X: NDArray[np.float32], size: int, explainer: TableExplainer, reference: Any, booster: Any
) -> dict[str, float]:
    ours, shaps, library, margins = _side_by_side(
        [
            explainer.explain,
            reference.shap_values,
            lambda rows: predict_contributions(booster, rows),
            lambda rows: predict_margin(booster, rows),
        ],
        [X[first : first + size] for first in range(0, BATCHES[size] * size, size)],
    )
    return {
        f"explain_ms_per_row_{size}": ours / size * 1e3,
        f"explain_speedup_{size}": shaps / ours,
        f"explain_speedup_with_margin_{size}_xgboost": (library + margins) / ours,
        f"explain_shap_ms_per_row_{size}": shaps / size * 1e3,
        f"explain_xgboost_ms_per_row_{size}": library / size * 1e3,
        f"explain_xgboost_margin_ms_per_row_{size}": margins / size * 1e3,
    }


def _side_by_side(
    functions: list[Callable[[NDArray], Any]], batches: list[NDArray[np.float32]]
) -> list[float]:
    """Each function's median seconds per batch; they take turns to run under the same conditions."""
    spent: list[list[float]] = [[] for _ in functions]
    for _ in range(ROUNDS):
        for function, seconds in zip(functions, spent, strict=True):
            function(batches[0])
            for batch in batches:
                started = time.process_time()
                function(batch)
                seconds.append(time.process_time() - started)
    return [float(np.median(seconds)) for seconds in spent]


def _difference(one: NDArray, other: NDArray) -> float:
    return float(np.abs(one - other).max())


def main(arguments: list[str]) -> None:
    trees = int(arguments[0]) if arguments else TREES
    print(f"explanations, {trees} trees of depth 6")
    for name, value in measure(trees).items():
        print(f"  {name:<44} {value:.4g}" if isinstance(value, float) else f"  {name:<44} {value}")


if __name__ == "__main__":
    main(sys.argv[1:])
