"""How often reviewers are wrong, by events that two judged blind, and what that does to precision. Pure.

Two reviewers who are each wrong with probability e, independently and for either class alike, disagree with
probability d = 2 e (1 - e), so e = (1 - sqrt(1 - 2 d)) / 2. That is the one-parameter case of Hui and Walter
(Biometrics 36, 1980); disagreement alone cannot tell the two classes apart. A share p that was measured with
such labels is truly (p - e) / (1 - 2 e) (Rogan and Gladen, American Journal of Epidemiology 107, 1978).
"""

import math
from dataclasses import dataclass

from scoring.intervals import wilson_interval


@dataclass(frozen=True, slots=True)
class DoubleReviews:
    """The number of events that two people judged blind, and of those on whose label they disagreed."""

    events: int
    differing: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """A probability with the ends of its interval."""

    value: float
    low: float
    high: float


def error_rate(reviews: DoubleReviews) -> Estimate | None:
    """The probability that one reviewer is wrong, with its 95 % interval; None without events.

    >>> round(error_rate(DoubleReviews(100, 18)).value, 12)
    0.1
    """
    if not reviews.events:
        return None
    share = reviews.differing / reviews.events
    low, high = wilson_interval(reviews.differing, reviews.events)
    return Estimate(_error_of(share), _error_of(low), _error_of(high))


def corrected(share: Estimate, error: Estimate) -> Estimate | None:
    """A share that was measured with wrong labels as it truly is; None if reviewers may be as good as coins.

    The ends are the extremes over both 95 % intervals, so that the interval is rather too wide.

    >>> found = corrected(Estimate(0.82, 0.82, 0.82), Estimate(0.1, 0.1, 0.1))
    >>> round(found.value, 6)
    0.9
    """
    if error.high >= 0.5:
        return None
    ends = (error.low, error.high)
    return Estimate(
        true_share(share.value, error.value),
        min(true_share(share.low, each) for each in ends),
        max(true_share(share.high, each) for each in ends),
    )


def true_share(share: float, error: float) -> float:
    """(share - error) / (1 - 2 error), within 0 and 1; `error` is below a half."""
    return min(max((share - error) / (1 - 2 * error), 0.0), 1.0)


def _error_of(disagreement: float) -> float:
    """Half if the reviewers disagree as often as by tossing coins, or more often."""
    return (1 - math.sqrt(max(1 - 2 * disagreement, 0.0))) / 2
