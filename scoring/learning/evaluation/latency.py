"""How long one event waits for a model."""

from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from scoring.explain.prediction import load_booster
from scoring.explain.treeshap import explainer_for
from scoring.registry.artifact import Artefact

ROWS_TIMED = 200


def measure_latency(artefact: Artefact, X: NDArray) -> float:
    """Median milliseconds to score and explain one row alone, over the first ROWS_TIMED rows of X.

    The booster is loaded as a worker loads it, with one thread.
    """
    explainer = explainer_for(load_booster(artefact.booster, threads=1))
    seconds = []
    for row in range(min(len(X), ROWS_TIMED)):
        started = perf_counter()
        explainer.explain(X[row : row + 1])
        seconds.append(perf_counter() - started)
    return float(np.median(seconds) * 1000)
