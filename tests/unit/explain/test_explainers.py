"""What explains a model: as a line of the log, and the margins that it gives."""

import numpy as np
import xgboost as xgb

from scoring.explain.prediction import predict_margin
from scoring.explain.tables import tabulate
from scoring.explain.trees import Ensemble, Tree
from scoring.explain.treeshap import LibraryExplainer, TableExplainer, explainer_for


def test_an_explainer_says_how_much_memory_its_tables_take() -> None:
    thresholds = np.array([0.0, -1.0, 1.0], dtype=np.float32)
    stump = Tree([1, -1, -1], [2, -1, -1], [0, 0, 0], thresholds, [0, 0, 0], [2.0, 1.0, 1.0])
    tables = tabulate(Ensemble([stump] * 20_000, np.float32(0), 1))

    assert tables.nbytes > 2**20
    assert str(TableExplainer(tables, 1)) == f"tables of {tables.nbytes / 1_048_576:.1f} MiB"


def test_margins_alone_are_those_of_xgboost_to_the_bit() -> None:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(300, 4))
    booster = xgb.train({"max_depth": 3}, xgb.DMatrix(X, X[:, 0] > 0), num_boost_round=5)
    margins = predict_margin(booster, X).tobytes()

    assert explainer_for(booster).margins(X).tobytes() == margins
    assert LibraryExplainer(booster, "of this test").margins(X).tobytes() == margins
