"""How complete the labels of each week are, beside earlier weeks when they were as old. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, sqrt

from monitoring.models import LabelWeek
from monitoring.windows.weeks import WEEK

USUAL_WEEKS = 8  # before a week, with which it is compared
MIN_USUAL = 2  # of them, or there is no comparison
MIN_EXPECTED = 20  # labels, to judge a week
Z = 1.96  # of a 95 % interval
QUANTILES = (0.25, 0.5, 0.9)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Comparison:
    """A week's labels against the usual at its age: `expected` and `counted`, and 1 - their ratio, with its
    95 % interval.
    """

    age: int  # whole days since the week ended
    usual: float  # share of events
    share: float
    counted: int
    expected: float
    loss: float
    low: float
    high: float


@dataclass(frozen=True)
class Delays:
    """When labels that arrived in a week came after their events, in whole days: quantiles of `labels`."""

    labels: int
    quarter: int
    median: int
    slow: int  # the 90th percentile


@dataclass(frozen=True)
class WeekCoverage:
    """A week of events. `shares`: labeled events by source; `compared`: None if there is too little to
    compare; `delays`: of the labels that arrived in this week, of whatever events, None without any.
    """

    week: LabelWeek
    share: float
    shares: Mapping[str, float]
    compared: Comparison | None
    delays: Delays | None


def cover_weeks(rows: Iterable[LabelWeek], *, now: datetime) -> list[WeekCoverage]:
    """The coverage of weeks of one event type, in the order of time."""
    weeks = sorted(rows, key=lambda week: week.start)
    arrived = delays_by_week(weeks)
    return [
        WeekCoverage(
            week,
            share=week.labeled / max(week.read, 1),
            shares={source: count / max(week.read, 1) for source, count in sorted(week.by_source.items())},
            compared=compare(week, weeks[:at], now=now),
            delays=arrived.get(week.start),
        )
        for at, week in enumerate(weeks)
    ]


def compare(week: LabelWeek, before: Sequence[LabelWeek], *, now: datetime) -> Comparison | None:
    """The week's labels that came within its age, against those that earlier weeks had at that age.

    The age is that of the youngest event, so that all others had the time, too.
    """
    age = (now - week.until) // DAY
    usual = before[-USUAL_WEEKS:]
    labels, events = sum(known_within(each, age) for each in usual), sum(each.read for each in usual)
    if age < 1 or len(usual) < MIN_USUAL or not labels:
        return None
    share, counted = labels / events, known_within(week, age)
    expected = share * week.read
    if expected < MIN_EXPECTED:
        return None
    ratio = max(counted, 0.5) / expected
    spread = exp(Z * sqrt(1 / max(counted, 0.5) + 1 / labels))
    return Comparison(
        age=age,
        usual=share,
        share=counted / week.read,
        counted=counted,
        expected=expected,
        loss=1 - counted / expected,
        low=1 - ratio * spread,
        high=1 - ratio / spread,
    )


def known_within(week: LabelWeek, days: int) -> int:
    """The events that had a label so many days after they occurred."""
    return sum(count for _, day, count in week.arrivals if day < days)


def delays_by_week(weeks: Iterable[LabelWeek]) -> dict[datetime, Delays]:
    """By the week in which labels became known: how late they were."""
    found: dict[datetime, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for week in weeks:
        for later, day, count in week.arrivals:
            found[week.start + later * WEEK][day] += count
    return {start: _delays(counts) for start, counts in found.items()}


def _delays(counts: Mapping[int, int]) -> Delays:
    total = sum(counts.values())
    return Delays(total, *(_quantile(counts, total, share) for share in QUANTILES))


def _quantile(counts: Mapping[int, int], total: int, share: float) -> int:
    """The fewest days within which this share of the labels came."""
    reached = 0
    for day in sorted(counts):
        reached += counts[day]
        if reached >= share * total:
            break
    return day


def judged_week(weeks: Sequence[WeekCoverage]) -> WeekCoverage | None:
    """The youngest week that can be compared with earlier ones."""
    return next((each for each in reversed(weeks) if each.compared), None)
