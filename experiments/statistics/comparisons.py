"""The difference between two arms: confidence interval, p-value, relative lift and always-valid interval."""

import math
from typing import NamedTuple

from scipy.special import ndtr

from experiments.statistics.estimates import LEVEL, Estimate, exact_limits, normal_holds, normal_quantile
from experiments.statistics.moments import Moments, ratio, ratio_variance
from experiments.statistics.sequential import always_valid_factor


class ArmComparison(NamedTuple):
    """Treatment minus control with interval and two-sided p-value; the lift is relative to the control.

    `always_low` and `always_high` are always-valid limits, which need the normal approximation.
    """

    difference: Estimate
    p_value: float | None
    lift: Estimate | None
    always_low: float | None
    always_high: float | None


def compare(
    control: Moments, treatment: Moments, *, share: bool, planned_units: int, level: float = LEVEL
) -> ArmComparison | None:
    """Treatment minus control; None while an arm's n is 0.

    The always-valid interval is narrowest at `planned_units` of both arms together.
    """
    if control.n == 0 or treatment.n == 0:
        return None
    if normal_holds(control, share=share) and normal_holds(treatment, share=share):
        return _compare_normal(control, treatment, planned_units=planned_units, level=level)
    difference = ratio(treatment) - ratio(control)
    if not share:
        return ArmComparison(Estimate(difference, None, None, "none"), None, None, None, None)
    limits = mover_limits(
        (ratio(control), *exact_limits(control, level=level)),
        (ratio(treatment), *exact_limits(treatment, level=level)),
    )
    return ArmComparison(
        Estimate(difference, *limits, "exact"), exact_p_value(control, treatment), None, None, None
    )


def _compare_normal(
    control: Moments, treatment: Moments, *, planned_units: int, level: float
) -> ArmComparison:
    difference = ratio(treatment) - ratio(control)
    error = math.sqrt(ratio_variance(control) + ratio_variance(treatment))
    reach = normal_quantile(level) * error
    always = error * always_valid_factor(
        control.units + treatment.units, planned_units=planned_units, level=level
    )
    return ArmComparison(
        difference=Estimate(difference, difference - reach, difference + reach, "normal"),
        p_value=float(2 * ndtr(-abs(difference) / error)) if error else 1.0,
        lift=_lift(control, treatment, level=level),
        always_low=difference - always,
        always_high=difference + always,
    )


def _lift(control: Moments, treatment: Moments, *, level: float) -> Estimate:
    """The relative difference, with an interval from the logarithm of the ratio.

    Katz et al., Biometrics 34, 1978, 469-474, with the delta method's variances instead of binomial ones.
    """
    quotient = ratio(treatment) / ratio(control)
    relative = sum(ratio_variance(arm) / ratio(arm) ** 2 for arm in (control, treatment))
    stretch = math.exp(normal_quantile(level) * math.sqrt(relative))
    return Estimate(quotient - 1, quotient / stretch - 1, quotient * stretch - 1, "normal")


def mover_limits(
    control: tuple[float, float, float], treatment: tuple[float, float, float]
) -> tuple[float, float]:
    """Limits of a difference from (value, low, high) of both arms (Newcombe, Statistics in Medicine 17, 1998,
    873-890, method 10, for any limits; Zou and Donner 2008 call it MOVER)."""
    (c, c_low, c_high), (t, t_low, t_high) = control, treatment
    return (
        t - c - math.hypot(t - t_low, c_high - c),
        t - c + math.hypot(t_high - t, c - c_low),
    )


def exact_p_value(control: Moments, treatment: Moments) -> float:
    """Fisher's exact test on units with the event, or with its absence if that is rarer."""
    rare_with = control.with_y + treatment.with_y <= control.without_y + treatment.without_y
    rows = [
        [shown, arm.units - shown]
        for arm in (treatment, control)
        for shown in [arm.with_y if rare_with else arm.without_y]
    ]
    from scipy.stats import fisher_exact  # noqa: PLC0415 (33 MB in every worker, for results with rare events)

    return float(fisher_exact(rows).pvalue)
