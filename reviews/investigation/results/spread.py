"""How the matched events spread over time, and over the values of a number."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from reviews.investigation.query.session import Session
from reviews.investigation.results.matching import Matched

MAX_BUCKETS = 60
STEPS = (
    *(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=hours) for hours in (1, 2, 3, 6, 12)),
    *(timedelta(days=days) for days in (1, 2, 7)),
)
BINS = 24
# The tails beyond these quantiles are counted in the outermost bins: one huge amount would hide the rest.
LOWEST, HIGHEST = 0.005, 0.995


@dataclass(frozen=True)
class Timeline:
    """Events by time step and outcome; `before`: those of the period before, at the same distance."""

    step: timedelta
    starts: tuple[datetime, ...]
    outcomes: Mapping[str, tuple[int, ...]]
    before: tuple[int, ...]


@dataclass(frozen=True)
class Histogram:
    """Events by bins of a number between `edges` (one more than there are bins). `missing`: without a value.

    `before`: the counts of the period before, zeros without one.
    """

    name: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    before: tuple[int, ...]
    missing: int
    median: float


_TIMELINE = """
    SELECT is_current, outcome,
           ((epoch_us(received_at) - CASE WHEN is_current THEN $current ELSE $before END) // $step)::BIGINT,
           count(*)
      FROM matched GROUP BY ALL
"""
_RANGE = """
    SELECT quantile_cont({value}, [{lowest}, 0.5, {highest}]), count(*) - count({value})
      FROM matched WHERE is_current
"""
_BINS = """
    SELECT is_current, least(greatest(floor(({value} - $low) / $width), 0), {last})::INTEGER, count(*)
      FROM matched WHERE {value} IS NOT NULL GROUP BY ALL
"""


def step_of(length: timedelta) -> timedelta:
    """The step of a timeline: the shortest one with at most MAX_BUCKETS."""
    return next((step for step in STEPS if length <= step * MAX_BUCKETS), STEPS[-1])


def read_timeline(session: Session, matched: Matched) -> Timeline:
    """The events by time. The last step may be incomplete."""
    query = matched.query
    step = step_of(query.length)
    buckets = -(-query.length // step)
    outcomes: dict[str, list[int]] = {}
    before = [0] * buckets
    given = {"current": _micros(query.since), "before": _micros(query.before), "step": step // MICROSECOND}
    for is_current, outcome, bucket, count in session.execute(_TIMELINE, given):
        place = min(max(bucket, 0), buckets - 1)
        if is_current:
            outcomes.setdefault(outcome, [0] * buckets)[place] += count
        else:
            before[place] += count
    starts = tuple(query.since + step * place for place in range(buckets))
    return Timeline(step, starts, {name: tuple(counts) for name, counts in outcomes.items()}, tuple(before))


def read_histogram(session: Session, matched: Matched) -> Histogram | None:
    """The distribution of the query's number; None if no matched event has a value."""
    value = matched.values[matched.query.distribution]
    [(quantiles, missing)] = session.execute(_RANGE.format(value=value, lowest=LOWEST, highest=HIGHEST))
    if quantiles is None or quantiles[0] is None:
        return None
    low, median, high = quantiles
    width = (high - low) / BINS or 1.0
    counts, before = [0] * BINS, [0] * BINS
    bins = _BINS.format(value=value, last=BINS - 1)
    for is_current, place, count in session.execute(bins, {"low": low, "width": width}):
        (counts if is_current else before)[place] += count
    edges = tuple(low + width * place for place in range(BINS + 1))
    return Histogram(matched.query.distribution, edges, tuple(counts), tuple(before), missing, median)


MICROSECOND = timedelta(microseconds=1)


def _micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=moment.tzinfo)) // MICROSECOND
