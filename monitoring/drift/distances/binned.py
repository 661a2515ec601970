"""Distances between two distributions that are counted in the same bins. Pure.

All take counts or shares of the B bins of each side, which are normalized; p is then, q is now. Logarithms
are natural. Bins that are empty on one side make `kl` and `psi` infinite unless `floor` is given.

Sources: Kullback and Leibler 1951 (`kl`); Siddiqi, Credit Risk Scorecards, 2006 (`psi`); Lin 1991
(`jensen_shannon`); Hellinger 1909; Pearson 1900 (`chi_square`); Kolmogorov 1933 (`kolmogorov_smirnov`);
Vallender 1974 (`wasserstein`).
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, rel_entr


class StatisticalTest(NamedTuple):
    """The statistic of a test and its p-value."""

    statistic: float
    p_value: float


def kl(p: ArrayLike, q: ArrayLike, *, floor: float = 0.0) -> float:
    """The Kullback-Leibler divergence of q from p in nats: sum(p * ln(p / q)).

    >>> round(kl([0.5, 0.5], [0.9, 0.1]), 4)
    0.5108
    """
    before, after = _shares(p, floor), _shares(q, floor)
    return float(np.sum(rel_entr(before, after)))


def psi(p: ArrayLike, q: ArrayLike, *, floor: float = 0.0) -> float:
    """The population stability index: sum((q - p) * ln(q / p)), the sum of both divergences.

    `floor` replaces lower shares, as is the custom with empty bins; the shares are not normalized again.
    """
    return kl(p, q, floor=floor) + kl(q, p, floor=floor)


def jensen_shannon(p: ArrayLike, q: ArrayLike) -> float:
    """The Jensen-Shannon distance: the root of the mean divergence from the average; 0 to sqrt(ln 2)."""
    before, after = _shares(p), _shares(q)
    middle = (before + after) / 2
    mean = (np.sum(rel_entr(before, middle)) + np.sum(rel_entr(after, middle))) / 2
    return float(np.sqrt(max(mean, 0.0)))


def hellinger(p: ArrayLike, q: ArrayLike) -> float:
    """The Hellinger distance: the length of sqrt(p) - sqrt(q), divided by sqrt(2); 0 to 1."""
    return float(np.linalg.norm(np.sqrt(_shares(p)) - np.sqrt(_shares(q))) / np.sqrt(2))


def chi_square(then: ArrayLike, now: ArrayLike) -> StatisticalTest:
    """Pearson's test whether counts `now` come from the shares of the counts `then`, which it takes as exact.

    Bins without rows `then` have no expectation: rows in them make the statistic infinite.
    """
    after = np.asarray(now, dtype=np.float64)
    expected = _shares(then) * after.sum()
    used = (expected > 0) | (after > 0)
    with np.errstate(divide="ignore"):
        statistic = float(np.sum((after[used] - expected[used]) ** 2 / expected[used]))
    return StatisticalTest(statistic, float(chdtrc(max(used.sum() - 1, 1), statistic)))


def kolmogorov_smirnov(p: ArrayLike, q: ArrayLike) -> float:
    """The largest difference of the cumulative shares, at the edges of ordered bins; 0 to 1.

    It is at most that of the values themselves, which may differ more within a bin.
    """
    return float(np.max(np.abs(_cumulative(p) - _cumulative(q))))


def wasserstein(p: ArrayLike, q: ArrayLike, *, places: ArrayLike | None = None) -> float:
    """The least work that moves p to q: share times distance, for bins at ascending `places`.

    By default the places are those of the bins from 0 to 1, so that 1 is from the first bin to the last.
    """
    return float(np.sum(np.abs(_cumulative(p) - _cumulative(q))[:-1] * _gaps(p, places)))


def signed_shift(p: ArrayLike, q: ArrayLike) -> float:
    """`wasserstein` over places from 0 to 1 with the sign of the change of the mean place; -1 to 1.

    >>> signed_shift([1, 0, 0], [0, 0, 1]), signed_shift([0, 0, 1], [0, 1, 0])
    (1.0, -0.5)
    """
    change = float(np.sum((_cumulative(p) - _cumulative(q))[:-1]))
    return float(np.copysign(wasserstein(p, q), change)) if change else 0.0


def largest_mover(p: ArrayLike, q: ArrayLike) -> tuple[int, float]:
    """The bin whose share changed most, and the change; for bins without an order."""
    change = _shares(q) - _shares(p)
    index = int(np.argmax(np.abs(change)))
    return index, float(change[index])


# All distances that need nothing but the counts of both sides. Those of `ORDERED_ONLY` need an order of bins.
DISTANCES: Mapping[str, Callable[[ArrayLike, ArrayLike], float]] = {
    "kl": lambda p, q: kl(p, q, floor=FLOOR),
    "jensen_shannon": jensen_shannon,
    "hellinger": hellinger,
    "chi_square_p": lambda p, q: chi_square(p, q).p_value,
    "kolmogorov_smirnov": kolmogorov_smirnov,
    "wasserstein": wasserstein,
}
ORDERED_ONLY = frozenset({"kolmogorov_smirnov", "wasserstein"})
FLOOR = 0.0001  # the share of an empty bin


def _shares(counts: ArrayLike, floor: float = 0.0) -> NDArray[np.float64]:
    weights = np.asarray(counts, dtype=np.float64)
    shares = weights / weights.sum()
    return np.maximum(shares, floor) if floor else shares


def _cumulative(counts: ArrayLike) -> NDArray[np.float64]:
    return np.cumsum(_shares(counts))


def _gaps(counts: ArrayLike, places: ArrayLike | None) -> NDArray[np.float64]:
    bins = np.size(np.asarray(counts))
    if places is not None:
        return np.diff(np.asarray(places, dtype=np.float64))
    return np.full(bins - 1, 1 / max(bins - 1, 1))
