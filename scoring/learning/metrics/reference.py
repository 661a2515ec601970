"""The reference distributions of a model's features, scores and outcomes at training, for drift detection.

A value v falls into bin `np.searchsorted(edges, v, side="right")`; NaN is counted as missing.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.outcomes import BASIC_OUTCOMES
from scoring.rules.policies.thresholds import outcome_of

SCORE_EDGES = (
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99,
)  # fmt: skip
MAX_VALUES = 30  # bins of a column of codes
MAX_SEPARATE_VALUES = 10  # up to this many distinct numbers (flags, small counts) get a bin each
DECILES = np.linspace(0.1, 0.9, 9)


def describe_reference(
    *,
    X: NDArray,
    names: Sequence[str],
    codes: Collection[int],
    score: NDArray,
    thresholds: Mapping[str, float],
    also: NDArray | None = None,
    progress: Callable[[int], None] = lambda count: None,
) -> dict[str, Any]:
    """{"rows", "features", "score", "outcomes"} as stored with a model version.

    X [n, F] are the rows the trees were grown on, `also` [m, F] those of the same time that could not be
    learned from; `codes` the columns of codes; `score` the calibrated scores of held-out rows, which the
    model has not seen. `progress(1)` is called after each feature.
    """
    also = X[:0] if also is None else also
    features = []
    for column, name in enumerate(names):
        values = np.append(X[:, column], also[:, column])
        features.append({"name": name} | describe_column(values, is_code=column in codes))
        progress(1)
    return {
        "rows": len(X) + len(also),
        "features": features,
        "score": {"edges": list(SCORE_EDGES), "counts": count_bins(np.sort(score), SCORE_EDGES)},
        "outcomes": count_outcomes(score, thresholds),
    }


def describe_column(values: NDArray, *, is_code: bool) -> dict[str, Any]:
    """{"edges" (ascending), "counts" (one more than edges), "missing"} of one feature, without empty bins."""
    known = np.sort(values[~np.isnan(values)]).astype(np.float64)
    edges = value_edges(known, max_bins=MAX_VALUES) if is_code else number_edges(known)
    return {"edges": edges, "counts": count_bins(known, edges), "missing": len(values) - len(known)}


def value_edges(ordered: NDArray, *, max_bins: int) -> list[float]:
    """Edges that give the lowest `max_bins` - 1 distinct values a bin each, and all others one bin."""
    return _midpoint_edges(ordered, _distinct(ordered)[1:max_bins])


def number_edges(ordered: NDArray) -> list[float]:
    """Deciles of ascending values.

    If the lowest value alone makes up more than a tenth (counts are mostly 0), it gets its own bin and the
    deciles are those of the values above it.
    """
    if len(_distinct(ordered)) <= MAX_SEPARATE_VALUES:
        return value_edges(ordered, max_bins=MAX_SEPARATE_VALUES)
    above = ordered[np.searchsorted(ordered, ordered[0], side="right") :]
    if len(above) >= 0.9 * len(ordered):
        return _midpoint_edges(ordered, np.quantile(ordered, DECILES, method="higher"))
    return _midpoint_edges(ordered, np.append(above[0], np.quantile(above, DECILES, method="higher")))


def count_bins(ordered: NDArray, edges: Sequence[float]) -> list[int]:
    """The number of the ascending values in each bin, int[len(edges) + 1]."""
    below = np.searchsorted(ordered, np.asarray(edges, dtype=np.float64), side="left")
    return np.diff(below, prepend=0, append=len(ordered)).tolist()


def count_outcomes(score: NDArray, thresholds: Mapping[str, float]) -> dict[str, int]:
    """{"allow", "review", "block"}: the number of scores with each outcome."""
    outcomes = [outcome_of(value, thresholds) for value in np.asarray(score).tolist()]
    return {outcome: outcomes.count(outcome) for outcome in BASIC_OUTCOMES}


def _distinct(ordered: NDArray) -> NDArray:
    return ordered[np.append(ordered[:-1] != ordered[1:], True)] if len(ordered) else ordered


def _midpoint_edges(ordered: NDArray, firsts: NDArray) -> list[float]:
    """Edges halfway between the first value of each bin and the value before it.

    Halfway, because training uses float32 vectors and decisions float64: rounding must not change a value's
    bin.
    """
    places = np.searchsorted(ordered, np.unique(firsts), side="left")
    places = places[places > 0]
    return ((ordered[places - 1] + ordered[places]) / 2).tolist()
