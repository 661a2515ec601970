"""The importance of features in models trained on different folds: its spread and stability. Pure."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

TOP = 10  # features whose place is judged


def importance_over_folds(folds: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """{"features", "stability"} as stored, from each fold's importance of the same features by name.

    A feature has "mean", sample standard "deviation" (None with one fold), "low" and "high" over the folds;
    features that no fold uses are left out, the most important are first.
    """
    names = list(folds[0])
    values = np.array([[fold[name] for name in names] for fold in folds])
    mean = values.mean(axis=0)
    order = [int(at) for at in np.argsort(-mean, kind="stable") if mean[at] > 0]
    return {
        "features": [_spread(names[at], values[:, at]) for at in order],
        "stability": {
            "rank_correlation": mean_rank_correlation(values[:, order]),
            "top_stability": selection_stability([_top(fold) for fold in values], of=len(names)),
        },
    }


def mean_rank_correlation(values: NDArray[np.float64]) -> float | None:
    """The mean rank correlation (Spearman) of all pairs of rows of float64[M, d]; None without a pair.

    A row whose features are all alike, such as that of a model without splits, has no order and is left out.

    >>> mean_rank_correlation(np.array([[3.0, 2.0, 1.0], [9.0, 5.0, 1.0]]))
    1.0
    """
    ranks = [rankdata(row) for row in values if len(np.unique(row)) > 1]
    pairs = [np.corrcoef(one, other)[0, 1] for one, other in combinations(ranks, 2)]
    return round(float(np.mean(pairs)), 12) if pairs else None


def selection_stability(chosen: Sequence[set[int]], *, of: int) -> float | None:
    """The stability of M choices among `of` features: 1 if all are equal, 0 as by chance (Nogueira, Sechidis
    & Brown, *On the Stability of Feature Selection Algorithms*, JMLR 18, 2018).

    For choices of one size it equals Kuncheva's index (2007). None with one choice, or if every choice has
    all features or none.
    """
    share = np.array([np.mean([feature in each for each in chosen]) for feature in range(of)])
    size = share.sum()
    if len(chosen) < 2 or not 0 < size < of:
        return None
    variance = len(chosen) / (len(chosen) - 1) * share * (1 - share)
    return float(1 - variance.mean() / ((size / of) * (1 - size / of)))


def _top(importance: NDArray[np.float64]) -> set[int]:
    """The columns of the TOP most important features in use."""
    order = np.argsort(-importance, kind="stable")[:TOP]
    return {int(at) for at in order if importance[at] > 0}


def _spread(name: str, values: NDArray[np.float64]) -> dict[str, Any]:
    deviation = float(values.std(ddof=1)) if len(values) > 1 else None
    return {
        "name": name,
        "mean": float(values.mean()),
        "deviation": deviation,
        "low": float(values.min()),
        "high": float(values.max()),
    }
