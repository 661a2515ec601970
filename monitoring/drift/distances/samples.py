"""Distances between two samples of numbers. Pure. Missing values (NaN) are left out."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import kolmogorov

from monitoring.drift.distances.binned import StatisticalTest


def kolmogorov_smirnov(then: ArrayLike, now: ArrayLike) -> StatisticalTest:
    """The largest difference of the empirical distribution functions, with its asymptotic p-value.

    The p-value is that of Kolmogorov's limit distribution at sqrt(n m / (n + m)) times the statistic
    (Smirnov 1948), which is too large for a few dozen values.
    """
    before, after = _known(then), _known(now)
    at = np.concatenate([before, after])
    gaps = _cumulative(before, at) - _cumulative(after, at)
    statistic = float(np.max(np.abs(gaps)))
    effective = len(before) * len(after) / (len(before) + len(after))
    return StatisticalTest(statistic, float(kolmogorov(np.sqrt(effective) * statistic)))


def wasserstein(
    then: ArrayLike,
    now: ArrayLike,
    *,
    then_weights: ArrayLike | None = None,
    now_weights: ArrayLike | None = None,
) -> float:
    """The first Wasserstein distance, in the unit of the values: the area between the distribution functions.

    Weighted values must all be known.

    >>> wasserstein([0, 1, 3], [5, 6, 8])
    5.0
    """
    before, after = _known(then), _known(now)
    places = np.sort(np.concatenate([before, after]))
    gaps = _cumulative(before, places[:-1], then_weights) - _cumulative(after, places[:-1], now_weights)
    return float(np.sum(np.abs(gaps) * np.diff(places)))


def _known(values: ArrayLike) -> NDArray[np.float64]:
    numbers = np.asarray(values, dtype=np.float64)
    return numbers[~np.isnan(numbers)]


def _cumulative(
    values: NDArray[np.float64], at: NDArray[np.float64], weights: ArrayLike | None = None
) -> NDArray[np.float64]:
    """The share of the values that are at most as large as each of `at`."""
    order = np.argsort(values, kind="stable")
    weight = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=np.float64)
    below = np.append(0.0, np.cumsum(weight[order]))
    places: NDArray[np.intp] = np.searchsorted(values[order], at, side="right")
    return np.asarray(below[places] / below[-1])
