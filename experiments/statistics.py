"""Rates, differences and their intervals where the units are customers and a customer decides many times.

Decisions of one customer are alike, so they are not independent: every variance here is taken over units.
All that is needed of the units are the sums in `Moments`, which the database can add up.

Rates are ratios R = sum(y) / sum(n) over units, with the delta method's variance

    var(R) = N / (N - 1) * sum((y - R n)^2) / sum(n)^2

(Cochran, Sampling Techniques, 3rd ed. 1977, 2.11; Deng, Knoblich and Lu, Applying the Delta Method in Metric
Analytics, KDD 2018, 3.2). Where too few units show the event for a normal approximation, `estimate` and
`compare` say so in `method` and use exact limits.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

LEVEL = 0.95
# The rule for small counts. A share is judged by normal theory once at least so many units in the arm show
# the event and so many its absence; an amount, whose distribution is skewed, once so many units have one.
UNITS_FOR_A_SHARE = 10
UNITS_FOR_AN_AMOUNT = 30
SAMPLE_RATIO_ALARM = 0.001
POWER = 0.8

Method = Literal["normal", "exact", "none"]


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


class Estimate(NamedTuple):
    """A value with its interval; `low` and `high` None where too little is known (`method` "none")."""

    value: float
    low: float | None
    high: float | None
    method: Method


class Comparison(NamedTuple):
    """Treatment minus control, its interval and two-sided p-value; the lift is relative to the control.

    `always_low` and `always_high` hold however often one looks; only normal theory has them.
    """

    difference: Estimate
    p_value: float | None
    lift: Estimate | None
    always_low: float | None
    always_high: float | None


class SampleRatio(NamedTuple):
    """Whether the units were split as planned: the treatment's share, planned and observed."""

    planned: float
    observed: float
    p_value: float
    alarm: bool


def ratio(m: Moments) -> float:
    """sum(y) / sum(n). Raises ZeroDivisionError without any n."""
    return m.y / m.n


def ratio_variance(m: Moments) -> float:
    """The delta method's variance of `ratio`; infinite for a single unit."""
    if m.units < 2:
        return math.inf
    r = ratio(m)
    residual = max(m.yy - 2 * r * m.yn + r * r * m.nn, 0.0)  # rounding may leave a tiny negative
    return m.units / (m.units - 1) * residual / m.n**2


def normal_holds(m: Moments, *, share: bool) -> bool:
    """Whether the arm has the units that normal theory needs (the rule for small counts)."""
    if share:
        return min(m.with_y, m.without_y) >= UNITS_FOR_A_SHARE
    return m.with_y >= UNITS_FOR_AN_AMOUNT


def estimate(m: Moments, *, share: bool, level: float = LEVEL) -> Estimate | None:
    """`ratio` with its interval; None without any n. `share`: y is a part of n, so R lies in [0, 1]."""
    if m.n == 0:
        return None
    if normal_holds(m, share=share):
        reach = _z(level) * math.sqrt(ratio_variance(m))
        low, high = ratio(m) - reach, ratio(m) + reach
        return Estimate(ratio(m), max(low, 0.0), min(high, 1.0) if share else high, "normal")
    if share:
        return Estimate(ratio(m), *exact_limits(m, level=level), "exact")
    return Estimate(ratio(m), None, None, "none")


def exact_limits(m: Moments, *, level: float = LEVEL) -> tuple[float, float]:
    """Clopper-Pearson limits of a share at the effective number of independent decisions.

    That number is n over the design effect, never less than 1 (Korn and Graubard, Survey Methodology 24,
    1998, 193-201, without their correction for few degrees of freedom). Where every decision is alike the
    design effect is unknown, and each unit counts as one decision.
    """
    p = ratio(m)
    size = float(m.units)
    if m.units > 1 and 0 < p < 1:
        size = m.n / max(ratio_variance(m) * m.n / (p * (1 - p)), 1.0)
    tail = (1 - level) / 2
    hits = p * size
    low = 0.0 if p == 0 else float(stats.beta.ppf(tail, hits, size - hits + 1))
    high = 1.0 if p == 1 else float(stats.beta.ppf(1 - tail, hits + 1, size - hits))
    return low, high


def estimate_total(m: Moments, *, level: float = LEVEL) -> Estimate:
    """sum(y) with the interval of a sum of independent units; none below the rule's number of units."""
    if not normal_holds(m, share=False):
        return Estimate(m.y, None, None, "none")
    variance = m.units / (m.units - 1) * (m.yy - m.y**2 / m.units)
    reach = _z(level) * math.sqrt(max(variance, 0.0))
    return Estimate(m.y, max(m.y - reach, 0.0), m.y + reach, "normal")


def compare(
    control: Moments, treatment: Moments, *, share: bool, planned_units: int, level: float = LEVEL
) -> Comparison | None:
    """Treatment minus control; None while an arm has no n.

    `planned_units`, of both arms together, is where the always-valid interval is made narrowest.
    """
    if control.n == 0 or treatment.n == 0:
        return None
    if normal_holds(control, share=share) and normal_holds(treatment, share=share):
        return _compare_normal(control, treatment, planned_units=planned_units, level=level)
    difference = ratio(treatment) - ratio(control)
    if not share:
        return Comparison(Estimate(difference, None, None, "none"), None, None, None, None)
    limits = mover_limits(
        (ratio(control), *exact_limits(control, level=level)),
        (ratio(treatment), *exact_limits(treatment, level=level)),
    )
    return Comparison(
        Estimate(difference, *limits, "exact"), exact_p_value(control, treatment), None, None, None
    )


def _compare_normal(control: Moments, treatment: Moments, *, planned_units: int, level: float) -> Comparison:
    difference = ratio(treatment) - ratio(control)
    error = math.sqrt(ratio_variance(control) + ratio_variance(treatment))
    reach = _z(level) * error
    always = error * always_valid_factor(
        control.units + treatment.units, planned_units=planned_units, level=level
    )
    return Comparison(
        difference=Estimate(difference, difference - reach, difference + reach, "normal"),
        p_value=float(2 * stats.norm.sf(abs(difference) / error)) if error else 1.0,
        lift=_lift(control, treatment, level=level),
        always_low=difference - always,
        always_high=difference + always,
    )


def _lift(control: Moments, treatment: Moments, *, level: float) -> Estimate:
    """The relative difference, its interval made on the logarithm of the quotient.

    Katz et al., Biometrics 34, 1978, 469-474, with the delta method's variances in place of binomial ones.
    """
    quotient = ratio(treatment) / ratio(control)
    relative = sum(ratio_variance(arm) / ratio(arm) ** 2 for arm in (control, treatment))
    stretch = math.exp(_z(level) * math.sqrt(relative))
    return Estimate(quotient - 1, quotient / stretch - 1, quotient * stretch - 1, "normal")


def mover_limits(
    control: tuple[float, float, float], treatment: tuple[float, float, float]
) -> tuple[float, float]:
    """Limits of a difference from (value, low, high) of both arms (Newcombe, Statistics in Medicine 17, 1998,
    873-890, method 10, for whatever limits; Zou and Donner 2008 call it MOVER)."""
    (c, c_low, c_high), (t, t_low, t_high) = control, treatment
    return (
        t - c - math.hypot(t - t_low, c_high - c),
        t - c + math.hypot(t_high - t, c - c_low),
    )


def exact_p_value(control: Moments, treatment: Moments) -> float:
    """Fisher's exact test on units: those that show the event (or its absence, whichever is rarer)."""
    rare_with = control.with_y + treatment.with_y <= control.without_y + treatment.without_y
    rows = [
        [shown, arm.units - shown]
        for arm in (treatment, control)
        for shown in [arm.with_y if rare_with else arm.without_y]
    ]
    return float(stats.fisher_exact(rows).pvalue)


def always_valid_factor(units: int, *, planned_units: int, level: float = LEVEL) -> float:
    """By how many standard errors an interval must reach to hold at every look at once.

    Two-sided asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Time-uniform
    central limit theory and asymptotic confidence sequences, 2021, theorem 2.2), narrowest at
    `planned_units`.
    """
    alpha = 1 - level
    spread = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / planned_units * units
    return math.sqrt(2 * (spread + 1) / spread * math.log(math.sqrt(spread + 1) / alpha))


def check_sample_ratio(units: Sequence[int], *, share: float) -> SampleRatio | None:
    """Chi-square test of (control, treatment) units against the planned share; None without units."""
    total = sum(units)
    if total == 0:
        return None
    p_value = float(stats.chisquare(units, [total * (1 - share), total * share]).pvalue)
    return SampleRatio(share, units[1] / total, p_value, p_value < SAMPLE_RATIO_ALARM)


def units_needed(
    *, baseline: float, effect: float, share: float, level: float = LEVEL, power: float = POWER
) -> int:
    """Units of both arms together that show a change of a rate from `baseline` by `effect` (absolute).

    The textbook's two-proportion formula without pooling, for one decision a unit and a treatment that gets
    `share` of them; units that decide more often find it sooner. Raises ValueError for rates outside (0, 1).
    """
    changed = baseline + effect
    if not (0 < baseline < 1 and 0 < changed < 1 and effect and 0 < share < 1):
        raise ValueError("the rate has to lie between 0 and 1, before and after a change that is not zero")
    spread = baseline * (1 - baseline) / (1 - share) + changed * (1 - changed) / share
    z = _z(level) + float(stats.norm.ppf(power))
    return math.ceil(z * z * spread / effect**2)


def _z(level: float) -> float:
    return float(stats.norm.ppf((1 + level) / 2))
