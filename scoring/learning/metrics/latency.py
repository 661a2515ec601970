"""The latency of a model for one event."""

from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.explain.prediction import load_booster
from scoring.explain.treeshap import LibraryExplainer, explainer_for
from scoring.registry.artifact import Artifact

ROWS_TIMED = 200


class Latency(NamedTuple):
    """Median time to score and explain one row alone.

    `why_no_tables`: why the model cannot be explained from tables, "" if it can.
    """

    milliseconds: float
    why_no_tables: str


def measure_latency(artifact: Artifact, X: NDArray) -> Latency:
    """The latency over the first ROWS_TIMED rows of X, with one thread as in a worker."""
    explainer = explainer_for(load_booster(artifact.booster, threads=1))
    seconds = []
    for row in range(min(len(X), ROWS_TIMED)):
        started = perf_counter()
        explainer.explain(X[row : row + 1])
        seconds.append(perf_counter() - started)
    why_no_tables = explainer.why_not if isinstance(explainer, LibraryExplainer) else ""
    return Latency(float(np.median(seconds) * 1000), why_no_tables)
