"""What is judged of a sender and its fields: shares, delays and volumes against what is usual.

A reading leaves `fine` only if chance does not explain it, and if it is large enough to matter.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from monitoring.quality.baselines import SenderBaseline, UsualShare, delay_quantile
from monitoring.quality.expected_volume import Expected
from monitoring.windows.hourly import to_hour
from scoring.intervals import wilson_interval

HOUR: Final = timedelta(hours=1)
SPANS: Final = (HOUR, 24 * HOUR)  # before this hour, whose beginning counts too
MIN_EVENTS: Final = 20
LEVEL: Final = 1 - 1e-7  # of intervals: many fields are judged every hour
END_LEVEL: Final = 0.999  # of the interval by which a change is over
SMALL_RISE, LARGE_RISE = 0.01, 0.05  # of a share, surely
SMALL_DELAY, LARGE_DELAY = timedelta(minutes=5), timedelta(minutes=15)
SMALL_RATIOS, LARGE_RATIOS = (0.7, 1.5), (0.5, 2.0)  # of a volume to the expected one
MIN_PART: Final = 0.2  # of an hour, before it is judged


class State(StrEnum):
    """How a reading compares with what is usual."""

    FINE = "fine"
    CHANGED = "changed"
    BAD = "bad"
    UNKNOWN = "too early"


class Kind(StrEnum):
    """What a reading is about. The first ones are of fields."""

    MISSING = "missing"
    UNUSUAL = "unusual"
    REFUSED = "refused"
    REPEATED = "repeated"
    TOO_LATE = "too late"
    DELAY = "delay"
    VOLUME = "volume"


SEVERITY: Final = (State.UNKNOWN, State.FINE, State.CHANGED, State.BAD)


class HourShare(NamedTuple):
    """How many of an hour's events a share counts."""

    start: datetime
    hits: int
    events: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found. `value`, `usual`, `low` and `high`: a share, seconds, or a number of events.

    `usual` of a delay: the usual one that is nearest to the value.
    `low` and `high` are the interval of the value, for volumes that of what is to be expected. `since`: the
    first hour of the change. `until`: the end of what was judged; `start`: its beginning.
    """

    kind: Kind
    state: State
    value: float | None = None
    usual: float | None = None
    low: float | None = None
    high: float | None = None
    events: int = 0
    start: datetime | None = None
    since: datetime | None = None

    @property
    def has_left_fine(self) -> bool:
        return self.state in (State.CHANGED, State.BAD)


def judge_share(
    kind: Kind, hours: Sequence[HourShare], usual: UsualShare | None, *, now: datetime
) -> Reading:
    """The share over the span that shows most: the last complete hour and this one, or a day.

    After a change that is surely over: the share since its end.
    """
    readings = [_share_since(kind, hours, usual, to_hour(now) - span) for span in SPANS]
    shown = max(readings, key=lambda each: (SEVERITY.index(each.state), _rise(each)))
    return _after_the_change(shown, hours, usual) or shown


def _share_since(
    kind: Kind, hours: Sequence[HourShare], usual: UsualShare | None, start: datetime
) -> Reading:
    counted = [hour for hour in hours if hour.start >= start]
    events, hits = sum(hour.events for hour in counted), sum(hour.hits for hour in counted)
    if events == 0:
        return Reading(kind, State.UNKNOWN, start=start)
    share = hits / events
    if usual is None or events < MIN_EVENTS:
        known = None if usual is None else usual.share
        return Reading(kind, State.UNKNOWN, share, known, events=events, start=start)
    low, high = wilson_interval(hits / usual.dispersion, events / usual.dispersion, level=LEVEL)
    state = _state_of_rise(low - usual.share)
    since = beginning(hours, _nearer_to(share, usual.share)) if state is not State.FINE else None
    return Reading(kind, state, share, usual.share, low, high, events, start, since)


def _after_the_change(
    changed: Reading, hours: Sequence[HourShare], usual: UsualShare | None
) -> Reading | None:
    """The share since the end of a change; None while the change may go on, or if there is none.

    It is over once the events since its last hour exclude even half of its rise.
    """
    if usual is None or changed.since is None or changed.value is None:
        return None
    is_nearer = _nearer_to(changed.value, usual.share)
    during = [hour for hour in hours if hour.start >= changed.since]
    end = max((hour.start for hour in during if is_nearer(hour)), default=changed.since) + HOUR
    after = _share_since(changed.kind, hours, usual, end)
    if after.state is not State.FINE or after.value is None:
        return None
    share = _pooled([hour for hour in during if hour.start < end])
    middle = (share + usual.share) / 2
    _, high = wilson_interval(
        after.value * after.events / usual.dispersion, after.events / usual.dispersion, level=END_LEVEL
    )
    return after if high < middle else None


def _pooled(hours: Iterable[HourShare]) -> float:
    """The share of all events of some hours."""
    counted = list(hours)
    return sum(hour.hits for hour in counted) / max(sum(hour.events for hour in counted), 1)


def _rise(reading: Reading) -> float:
    return (reading.low or 0.0) - (reading.usual or 0.0)


def _state_of_rise(rise: float) -> State:
    if rise < SMALL_RISE:
        return State.FINE
    return State.BAD if rise >= LARGE_RISE else State.CHANGED


def _nearer_to(share: float, usual: float) -> Callable[[HourShare], bool | None]:
    """Whether an hour is nearer to a share than to the usual one; None for hours of few events."""
    middle = (share + usual) / 2
    return lambda hour: None if hour.events < 5 else hour.hits / hour.events > middle


def beginning(hours: Iterable[HourShare], has_changed: Callable[[HourShare], bool | None]) -> datetime | None:
    """The start of the latest run of changed hours; hours of which nothing is known do not end it."""
    first = None
    for hour in sorted(hours, reverse=True):
        changed = has_changed(hour)
        if changed:
            first = hour.start
        elif changed is False and first is not None:
            break
    return first


def judge_delay(
    delays: Mapping[datetime, Mapping[int, int]], baseline: SenderBaseline | None, *, now: datetime
) -> Reading:
    """The median time from occurrence to receipt of the last hours, against those of past days.

    `delays`: live events by hour and bin of DELAY_EDGES.
    """
    start, summed = _latest_delays(delays, now=now)
    events, value = summed.total(), delay_quantile(summed, 0.5)
    if baseline is None or baseline.delay_low is None or baseline.delay_high is None or events < MIN_EVENTS:
        return Reading(Kind.DELAY, State.UNKNOWN, value, events=events, start=start)
    usual = (baseline.delay_low, baseline.delay_high)
    low, high = (delay_quantile(summed, q) for q in _around_the_median(events))
    state = _state_of_delay(_distance(low, high, usual))
    since = None
    if state is not State.FINE:
        medians = [(hour, delay_quantile(counts, 0.5)) for hour, counts in delays.items()]
        shifted = [HourShare(hour, int(_is_outside(each, usual)), 1) for hour, each in medians]
        since = beginning(shifted, lambda hour: bool(hour.hits))
    nearest = min(max(value or 0.0, usual[0]), usual[1])  # the value itself if it is a usual one
    return Reading(Kind.DELAY, state, value, nearest, low, high, events, start, since)


def _latest_delays(
    delays: Mapping[datetime, Mapping[int, int]], *, now: datetime
) -> tuple[datetime, Counter[int]]:
    """The start and the delays of this hour and the last complete one, or of hours with MIN_EVENTS in all."""
    start, summed = to_hour(now) - HOUR, Counter[int]()
    for hour in sorted(delays, reverse=True):
        if hour < start and summed.total() >= MIN_EVENTS:
            break
        start = min(start, hour)
        summed.update(delays[hour])
    return start, summed


def _around_the_median(events: int) -> tuple[float, float]:
    """The quantiles between which the median is, nearly surely (the binomial interval of its rank)."""
    low, high = wilson_interval(events / 2, events, level=LEVEL)
    return low, high


def _distance(low: float | None, high: float | None, usual: tuple[float, float]) -> timedelta:
    """How far an interval lies outside of what is usual."""
    above, below = (low or 0.0) - usual[1], usual[0] - (high or 0.0)
    return timedelta(seconds=max(above, below, 0.0))


def _is_outside(value: float | None, usual: tuple[float, float]) -> bool:
    return value is not None and _distance(value, value, usual) >= SMALL_DELAY


def _state_of_delay(distance: timedelta) -> State:
    if distance < SMALL_DELAY:
        return State.FINE
    return State.BAD if distance >= LARGE_DELAY else State.CHANGED


def judge_volume(
    counts: Mapping[datetime, int], expected: Mapping[datetime, Expected | None], *, now: datetime
) -> Reading:
    """The live events of the last complete hour, or of this one so far if that shows more.

    `expected`: what to expect of each of the last hours. The last minute is left out: it is still counted.
    """
    this, last = to_hour(now), to_hour(now) - HOUR
    complete = _volume(counts, expected.get(last), last, 1.0)
    elapsed = (now - this - timedelta(minutes=1)) / HOUR
    readings = [complete]
    if elapsed >= MIN_PART:
        readings.append(_volume(counts, expected.get(this), this, elapsed))
    worst = max(readings, key=lambda each: SEVERITY.index(each.state))
    if not worst.has_left_fine:
        return complete
    outside = [
        HourShare(hour, int(_volume(counts, each, hour, 1.0).has_left_fine), 1)
        for hour, each in expected.items()
        if each is not None and hour <= last
    ]
    since = beginning(outside, lambda hour: bool(hour.hits)) if complete.has_left_fine else worst.start
    return replace(worst, since=since)


def _volume(
    counts: Mapping[datetime, int], expected: Expected | None, start: datetime, part: float
) -> Reading:
    count = counts.get(start, 0)
    if expected is None:
        return Reading(Kind.VOLUME, State.UNKNOWN, float(count), events=count, start=start)
    expected = expected.part(part)
    low, high = expected.interval()
    state = State.FINE if low <= count <= high else _state_of_ratio(count / expected.mean)
    return Reading(Kind.VOLUME, state, float(count), expected.mean, low, high, count, start)


def _state_of_ratio(ratio: float) -> State:
    if LARGE_RATIOS[0] < ratio < LARGE_RATIOS[1]:
        return State.FINE if SMALL_RATIOS[0] < ratio < SMALL_RATIOS[1] else State.CHANGED
    return State.BAD
