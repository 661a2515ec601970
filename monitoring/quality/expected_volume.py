"""How many events to expect of an hour, from the same hour of past weeks.

The number is taken to be negative binomial: Poisson about a level that itself varies from week to week. Level
and variation are medians, so that a few odd weeks do not count.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from scipy.special import betainc

WEEK: Final = timedelta(days=7)
WEEKS: Final = 8
MIN_WEEKS: Final = 3
MIN_EXPECTED: Final = 5.0  # events; of fewer, chance leaves nothing to say
MIN_DISPERSION: Final = 0.01  # a standard deviation of 10 % beyond that of chance
NORMAL_OF_MAD: Final = 1.4826  # from the median absolute deviation to a standard deviation
SURE: Final = 1e-6  # how improbable a number is that chance does not explain, on either side


@dataclass(frozen=True, slots=True)
class Expected:
    """An expected number of events, negative binomial with variance mean + dispersion * mean^2."""

    mean: float
    dispersion: float

    def at_most(self, count: int) -> float:
        """The probability of `count` events or fewer."""
        size = 1 / self.dispersion
        return float(betainc(size, count + 1, size / (size + self.mean))) if count >= 0 else 0.0

    def interval(self, probability: float = SURE) -> tuple[int, int]:
        """(low, high): fewer than low, or more than high, have at most this probability each."""
        low = self._first(probability)
        return low, self._first(1 - probability)

    def _first(self, probability: float) -> int:
        """The smallest count whose `at_most` is more than `probability`."""
        low, high = -1, 1
        while self.at_most(high) <= probability:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            if self.at_most(middle) <= probability:
                low = middle
            else:
                high = middle
        return high

    def part(self, share: float) -> "Expected":
        """That of a part of the hour."""
        return Expected(self.mean * share, self.dispersion)


def same_hours(start: datetime) -> list[datetime]:
    """The same hour of the past weeks, the latest first."""
    return [start - week * WEEK for week in range(1, WEEKS + 1)]


def expected_of(past: Sequence[int], *, dispersion: float) -> Expected | None:
    """What to expect, given the events of the same hour in past weeks; None if they are too few."""
    if len(past) < MIN_WEEKS:
        return None
    mean = float(median(past))
    return Expected(mean, dispersion) if mean >= MIN_EXPECTED else None


def volume_dispersion(counts: Mapping[datetime, int]) -> float:
    """How much the level varies from week to week, relative to its square: median of the hours of a week.

    `counts`: live events by the start of the hour.
    """
    by_hour: dict[int, list[int]] = defaultdict(list)
    for start, count in counts.items():
        by_hour[start.weekday() * 24 + start.hour].append(count)
    spreads = [_spread(each) for each in by_hour.values() if len(each) >= MIN_WEEKS]
    known = [spread for spread in spreads if spread is not None]
    return max(median(known), MIN_DISPERSION) if known else MIN_DISPERSION


def _spread(counts: Sequence[int]) -> float | None:
    """The relative variance of one hour of the week beyond that of chance."""
    mean = median(counts)
    if mean < MIN_EXPECTED:
        return None
    deviation = NORMAL_OF_MAD * median(abs(count - mean) for count in counts)
    return max((deviation**2 - mean) / mean**2, 0.0)
