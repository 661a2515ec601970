"""Sums over units from which ratio metrics and their variances follow, so that the database can compute them.

A unit, such as a customer, decides many times, and its decisions are correlated. So every variance is taken
over units. A rate is the ratio R = sum(y) / sum(n) over units, with the delta method's variance

    var(R) = N / (N - 1) * sum((y - R n)^2) / sum(n)^2

(Cochran, Sampling Techniques, 3rd ed. 1977, 2.11; Deng, Knoblich and Lu, Applying the Delta Method in Metric
Analytics, KDD 2018, 3.2).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over the units of an arm: numerator y, denominator n (units with n = 0 are left out).

    `with_y` units have y > 0; `without_y` units have some of their n that is not y (y < n).
    """

    units: int
    y: float
    n: float
    yy: float
    nn: float
    yn: float
    with_y: int
    without_y: int

    @classmethod
    def of(cls, y: ArrayLike, n: ArrayLike) -> "Moments":
        """The moments of arrays [units]."""
        y, n = np.asarray(y, dtype=float), np.asarray(n, dtype=float)
        y, n = y[n > 0], n[n > 0]
        return cls(
            units=len(n),
            y=float(y.sum()),
            n=float(n.sum()),
            yy=float(y @ y),
            nn=float(n @ n),
            yn=float(y @ n),
            with_y=int((y > 0).sum()),
            without_y=int((y < n).sum()),
        )


def ratio(m: Moments) -> float:
    """sum(y) / sum(n). Raises ZeroDivisionError if n is 0."""
    return m.y / m.n


def ratio_variance(m: Moments) -> float:
    """The delta method's variance of `ratio`; infinite for a single unit."""
    if m.units < 2:
        return math.inf
    r = ratio(m)
    residual = max(m.yy - 2 * r * m.yn + r * r * m.nn, 0.0)  # rounding may make it slightly negative
    return m.units / (m.units - 1) * residual / m.n**2
