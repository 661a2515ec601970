"""How far a distribution has moved, and how much of that chance explains. Pure: counts in, drift out.

The population stability index of shares p (then) and q (now) over bins is sum((q - p) * ln(q / p)): the
symmetrized Kullback-Leibler divergence (Jeffreys 1946; Siddiqi, Credit Risk Scorecards, 2006, for the name
and the rule of thumb). Missing values are a bin like any other.

Empty bins: each bin filled on either side gets half a row more (the Krichevsky-Trofimov estimate of shares),
so no logarithm is infinite, and a bin that is empty because the sample is small has little weight.

Chance: without any change, PSI is distributed as (1/N + 1/n) times chi-square with B - 1 degrees of freedom,
for B bins and N and n independent rows (B. Yurdakul, Statistical Properties of Population Stability Index,
Western Michigan University 2018). So PSI averages (B - 1) * (1/N + 1/n) even if nothing moved, and a
small sample always seems to have drifted.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincinv

MODERATE, SHIFTED = 0.1, 0.25
# A page compares dozens of features; at 1 in 1,000 each, false alarms are rare.
CHANCE_LEVEL = 0.999
SMOOTHING = 0.5


class State(StrEnum):
    """The state of a distribution: the rule of thumb, unless chance explains as much."""

    NO_DATA = "no data"
    NOT_COMPARED = "not compared"  # hour or weekday before a complete cycle, or an age, which only grows
    ALL_MISSING = "no values"  # neither in training nor now
    STABLE = "stable"
    CHANCE = "too few"  # above the rule of thumb, but within chance for so few rows
    ORDINARY = "ordinary"  # above the rule of thumb, but as far as on ordinary days
    MODERATE = "moderate"
    SHIFTED = "shifted"

    @property
    def has_moved(self) -> bool:
        return self in (State.MODERATE, State.SHIFTED)

    @property
    def is_comparison(self) -> bool:
        """Whether two distributions were compared."""
        return self not in (State.NO_DATA, State.NOT_COMPARED, State.ALL_MISSING)


@dataclass(frozen=True, slots=True)
class Drift:
    """`psi` of two distributions; by chance alone its mean is `expected`, and 99.9 % are below `limit`.

    `ordinary`: the excess over chance that ordinary days show (`monitoring.drift.ordinary_days`).
    """

    psi: float
    expected: float
    limit: float
    state: State
    ordinary: float = 0.0

    @property
    def excess(self) -> float:
        """The part that chance does not explain on average, 0 or more."""
        return max(self.psi - self.expected, 0.0)

    @property
    def threshold(self) -> float:
        """The PSI above which it is drift: the rule of thumb, or what chance and ordinary days explain."""
        return max(MODERATE, self.limit + self.ordinary)


NO_DATA = Drift(psi=0.0, expected=0.0, limit=0.0, state=State.NO_DATA)
NOT_COMPARED = Drift(psi=0.0, expected=0.0, limit=0.0, state=State.NOT_COMPARED)
ALL_MISSING = Drift(psi=0.0, expected=0.0, limit=0.0, state=State.ALL_MISSING)


def population_stability(then: ArrayLike, now: ArrayLike) -> float:
    """PSI of two samples counted in the same bins; never negative, and 0 for equal counts.

    >>> round(population_stability([50, 50], [90, 10]), 3)
    0.853
    """
    before, after = _in_used_bins(then, now)
    p = (before + SMOOTHING) / (before.sum() + SMOOTHING * len(before))
    q = (after + SMOOTHING) / (after.sum() + SMOOTHING * len(after))
    return float(np.sum((q - p) * np.log(q / p)))


def measure_drift(then: ArrayLike, now: ArrayLike, *, ordinary: float = 0.0) -> Drift:
    """How far `now` is from `then`, both counted in the same bins. `ordinary`: as in `Drift`."""
    before, after = _in_used_bins(then, now)
    if before.sum() == 0 or after.sum() == 0:
        return NO_DATA
    per_degree = 1 / before.sum() + 1 / after.sum()
    degrees = max(len(before) - 1, 0)
    limit = chi_square_quantile(CHANCE_LEVEL, degrees) * per_degree if degrees else 0.0
    psi = population_stability(before, after)
    state = judge(psi, limit=limit, ordinary=ordinary)
    return Drift(psi, float(degrees * per_degree), limit, state, ordinary)


def judge(psi: float, *, limit: float, ordinary: float = 0.0) -> State:
    """The state of a PSI of which chance explains up to `limit`, and ordinary days that much more."""
    if psi < MODERATE:
        return State.STABLE
    if psi <= limit:
        return State.CHANCE
    if psi <= limit + ordinary:
        return State.ORDINARY
    return State.MODERATE if psi <= SHIFTED else State.SHIFTED


class ManyDrifts(NamedTuple):
    """Arrays of one shape: each PSI, and by chance alone its mean and the limit of 99.9 %."""

    psi: NDArray[np.float64]
    expected: NDArray[np.float64]
    limit: NDArray[np.float64]


def measure_many(then: NDArray[np.int64], now: NDArray[np.int64]) -> ManyDrifts:
    """The PSI along the last axis of counts that broadcast, int64[..., B]; 0 where a side has no rows."""
    before, after = np.broadcast_arrays(then, now)
    used = (before > 0) | (after > 0)
    bins = used.sum(axis=-1)
    rows, others = before.sum(axis=-1), after.sum(axis=-1)
    known = (rows > 0) & (others > 0)
    p, q = _smooth(before, used, rows, bins), _smooth(after, used, others, bins)
    psi = np.where(known, np.sum((q - p) * np.log(q / p), axis=-1), 0.0)
    per_degree = np.where(known, 1 / np.maximum(rows, 1) + 1 / np.maximum(others, 1), 0.0)
    degrees = np.maximum(bins - 1, 0)
    quantile = np.where(degrees > 0, 2 * gammaincinv(np.maximum(degrees, 1) / 2, CHANCE_LEVEL), 0.0)
    return ManyDrifts(psi, degrees * per_degree, quantile * per_degree)


def _smooth(
    counts: NDArray[np.int64], used: NDArray[np.bool_], rows: NDArray[np.int64], bins: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The shares of the used bins with half a row more in each; 1 in the others."""
    total = np.maximum(rows + SMOOTHING * bins, SMOOTHING)[..., None]
    return np.where(used, (counts + SMOOTHING) / total, 1.0)


def _in_used_bins(then: ArrayLike, now: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    before, after = np.asarray(then, dtype=np.float64), np.asarray(now, dtype=np.float64)
    used = (before > 0) | (after > 0)
    return before[used], after[used]


def chi_square_quantile(share: float, degrees: int) -> float:
    """What a chi-square variable stays below in this share of cases, as `scipy.stats.chi2.ppf` has it."""
    return float(2 * gammaincinv(degrees / 2, share))
