"""Intervals of weighted shares and totals, wide enough for few effective events. Pure."""

import math

from scipy.special import ndtri, stdtrit

from scoring.intervals import clopper_pearson_interval

LEVEL = 0.95


def share_interval(share: float, variance: float, effective: float) -> tuple[float, float]:
    """Clopper and Pearson's interval at the number of events that has this variance (Korn & Graubard 1998).

    `effective`: of the events with a known class; few of them know their variance badly, so that the interval
    is widened by Student's t. (0, 1) if there are none.
    """
    if effective <= 0:
        return 0.0, 1.0
    share = min(max(share, 0.0), 1.0)
    binomial = share * (1 - share)
    events = binomial / variance if variance > 0 and binomial > 0 else effective
    events *= (float(ndtri((1 + LEVEL) / 2)) / quantile(effective)) ** 2
    return clopper_pearson_interval(share, events, level=LEVEL)


def rate_interval(value: float, variance: float, effective: float) -> tuple[float, float]:
    """The interval of a total that cannot be negative, symmetric on the logarithmic scale."""
    deviation = math.sqrt(max(variance, 0.0))
    if value <= 0:
        return 0.0, quantile(effective) * deviation
    factor = math.exp(min(quantile(effective) * deviation / value, 50.0))
    return value / factor, value * factor


def quantile(effective: float) -> float:
    """Student's t for an effective number of events."""
    return float(stdtrit(max(effective - 1, 1.0), (1 + LEVEL) / 2))
