"""What explains a model, in one line of the log."""

import numpy as np

from scoring.explain.tables import tabulate
from scoring.explain.trees import Ensemble, Tree
from scoring.explain.treeshap import TableExplainer


def test_an_explainer_says_how_much_memory_its_tables_take() -> None:
    thresholds = np.array([0.0, -1.0, 1.0], dtype=np.float32)
    stump = Tree([1, -1, -1], [2, -1, -1], [0, 0, 0], thresholds, [0, 0, 0], [2.0, 1.0, 1.0])
    tables = tabulate(Ensemble([stump] * 20_000, np.float32(0), 1))

    assert tables.nbytes > 2**20
    assert str(TableExplainer(tables, 1)) == f"tables of {tables.nbytes / 1_048_576:.1f} MiB"
