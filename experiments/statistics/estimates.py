"""The value of a metric in one arm with its confidence interval.

Where too few units show the event for a normal approximation, `method` says so and the limits are exact.
"""

import math
from typing import Literal, NamedTuple

from scipy.special import betaincinv, ndtri

from experiments.statistics.moments import Moments, ratio, ratio_variance

LEVEL = 0.95
# A share has normal limits once this many units of the arm show the event and this many its absence; an
# amount, whose distribution is skewed, once this many units have one.
UNITS_FOR_A_SHARE = 10
UNITS_FOR_AN_AMOUNT = 30

Method = Literal["normal", "exact", "none"]


class Estimate(NamedTuple):
    """A value with its interval; `low` and `high` are None if there is too little data (`method` "none")."""

    value: float
    low: float | None
    high: float | None
    method: Method


def normal_holds(m: Moments, *, share: bool) -> bool:
    """Whether the arm has enough units for a normal approximation."""
    if share:
        return min(m.with_y, m.without_y) >= UNITS_FOR_A_SHARE
    return m.with_y >= UNITS_FOR_AN_AMOUNT


def estimate(m: Moments, *, share: bool, level: float = LEVEL) -> Estimate | None:
    """`ratio` with its interval; None if n is 0. `share`: y is a part of n, so R lies in [0, 1]."""
    if m.n == 0:
        return None
    if normal_holds(m, share=share):
        reach = normal_quantile(level) * math.sqrt(ratio_variance(m))
        low, high = ratio(m) - reach, ratio(m) + reach
        return Estimate(ratio(m), max(low, 0.0), min(high, 1.0) if share else high, "normal")
    if share:
        return Estimate(ratio(m), *exact_limits(m, level=level), "exact")
    return Estimate(ratio(m), None, None, "none")


def exact_limits(m: Moments, *, level: float = LEVEL) -> tuple[float, float]:
    """Clopper-Pearson limits of a share for the effective number of independent decisions.

    That number is n divided by the design effect, which is at least 1 (Korn and Graubard, Survey Methodology
    24, 1998, 193-201, without their correction for few degrees of freedom). If all decisions are alike, the
    design effect is unknown and each unit counts as one decision.
    """
    p = ratio(m)
    size = float(m.units)
    if m.units > 1 and 0 < p < 1:
        size = m.n / max(ratio_variance(m) * m.n / (p * (1 - p)), 1.0)
    tail = (1 - level) / 2
    hits = p * size
    low = 0.0 if p == 0 else float(betaincinv(hits, size - hits + 1, tail))
    high = 1.0 if p == 1 else float(betaincinv(hits + 1, size - hits, 1 - tail))
    return low, high


def estimate_total(m: Moments, *, level: float = LEVEL) -> Estimate:
    """sum(y) with the interval of a sum of independent units; no interval for too few units."""
    if not normal_holds(m, share=False):
        return Estimate(m.y, None, None, "none")
    variance = m.units / (m.units - 1) * (m.yy - m.y**2 / m.units)
    reach = normal_quantile(level) * math.sqrt(max(variance, 0.0))
    return Estimate(m.y, max(m.y - reach, 0.0), m.y + reach, "normal")


def normal_quantile(level: float) -> float:
    """The two-sided standard normal quantile of a confidence level: 1.96 for 0.95."""
    return float(ndtri((1 + level) / 2))
