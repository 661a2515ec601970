"""The quality of an order that people work through from the top, a day at a time."""

import numpy as np
from numpy.typing import NDArray

NAN = float("nan")


def ndcg_at_daily_capacity(
    gain: NDArray,
    score: NDArray,
    day: NDArray,
    capacity: int = 100,
    weights: NDArray | None = None,
) -> float:
    """Normalized discounted cumulative gain of the `capacity` highest scores of a day, the mean over days.

    gain float[n], 0 or more: the label, or an amount. The k-th place of a day counts 1 / log2(k + 1); the sum
    is divided by that of the best order. Days without gain are left out; NaN if there are no others. Ties
    keep the given order. A row of weight w takes w places. (Järvelin & Kekäläinen 2002)
    """
    gains, scores = np.asarray(gain, dtype=np.float64), np.asarray(score, dtype=np.float64)
    counted = np.ones(len(gains)) if weights is None else np.asarray(weights, dtype=np.float64)
    discount = np.append(0.0, np.cumsum(1 / np.log2(np.arange(2, capacity + 2))))
    order = np.argsort(day, kind="stable")
    edges = np.flatnonzero(np.diff(np.asarray(day)[order])) + 1
    found = []
    for rows in np.split(order, edges):
        best = _discounted(gains[rows], -gains[rows], counted[rows], discount)
        if best > 0:
            found.append(_discounted(gains[rows], -scores[rows], counted[rows], discount) / best)
    return float(np.mean(found)) if found else NAN


def _discounted(
    gain: NDArray[np.float64],
    key: NDArray[np.float64],
    counted: NDArray[np.float64],
    discount: NDArray[np.float64],
) -> float:
    """The sum of gains in ascending order of `key`; `discount` [capacity + 1]: the discounts so far."""
    order = np.argsort(key, kind="stable")
    ends = np.cumsum(counted[order])
    places = np.arange(len(discount))
    total = np.interp(ends, places, discount) - np.interp(ends - counted[order], places, discount)
    return float(gain[order] @ total)
