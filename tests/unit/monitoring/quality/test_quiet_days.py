"""Sixty quiet days, judged every hour: how often a reading leaves `fine` although nothing is wrong."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from monitoring.quality.baselines import DayCounts, FieldBaseline, UsualShare, field_baseline
from monitoring.quality.bins import Measure, number_bin
from monitoring.quality.expected_volume import expected_of, same_hours, volume_dispersion
from monitoring.quality.judging import HOUR, HourShare, Kind, Reading, judge_share, judge_volume

FIRST = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
DAYS, LEARNED = 60, 28
DAY = timedelta(days=1)
BINS = 60


@pytest.fixture(scope="module")
def volumes() -> NDArray[np.int64]:
    """Events by hour: a daily and a weekly cycle, and days that are busier or quieter by some 15 %."""
    random = np.random.default_rng(3)
    hours = np.arange((DAYS + LEARNED) * 24)
    daily = 1 + 0.7 * np.sin(2 * np.pi * (hours % 24 - 9) / 24)
    weekly = np.where((hours // 24) % 7 >= 5, 0.7, 1.0)
    days = np.repeat(random.lognormal(0, 0.15, DAYS + LEARNED), 24)
    return random.poisson(400 * daily * weekly * days)


def judged_hours() -> Iterator[datetime]:
    for hour in range(DAYS * 24):
        yield FIRST + LEARNED * DAY + hour * HOUR + timedelta(minutes=1)


def share_readings(hits: NDArray[np.int64], events: NDArray[np.int64]) -> Iterator[Reading]:
    """The readings of a share in each hour, against what the 28 days before say is usual."""
    hours = [
        HourShare(FIRST + place * HOUR, *pair) for place, pair in enumerate(zip(hits, events, strict=True))
    ]
    for now in judged_hours():
        place = (now - FIRST) // HOUR
        midnight = place - place % 24
        days = range(midnight - LEARNED * 24, midnight, 24)
        usual = UsualShare.of((int(hits[d : d + 24].sum()), int(events[d : d + 24].sum())) for d in days)
        yield judge_share(Kind.MISSING, hours[place - 24 : place + 1], usual, now=now)


def test_shares_that_vary_by_hour_and_day_hardly_ever_leave_fine(volumes: NDArray[np.int64]) -> None:
    random = np.random.default_rng(5)
    hours = np.arange(len(volumes))
    left = {}
    for usual in (0.0005, 0.02, 0.2, 0.5):
        by_hour = 1 + 0.15 * np.sin(2 * np.pi * hours / 24)
        by_day = np.repeat(random.lognormal(0, 0.05, len(volumes) // 24), 24)
        hits = random.binomial(volumes, np.clip(usual * by_hour * by_day, 0, 1))
        left[usual] = sum(each.has_left_fine for each in share_readings(hits, volumes))

    assert left == {0.0005: 0, 0.02: 0, 0.2: 0, 0.5: 0}


def test_volumes_hardly_ever_leave_fine(volumes: NDArray[np.int64]) -> None:
    counts = {FIRST + place * HOUR: int(count) for place, count in enumerate(volumes)}
    dispersion = volume_dispersion(counts)
    left = []
    for now in judged_hours():
        hour = now.replace(minute=0) - HOUR
        past = [counts[each] for each in same_hours(hour) if each in counts]
        expected = {hour: expected_of(past, dispersion=dispersion)}
        left.append(judge_volume(counts, expected, now=now).has_left_fine)

    assert sum(left) == 0
    assert dispersion == pytest.approx(0.15**2, rel=0.6)


@pytest.mark.parametrize("measure", [Measure.RANGE, Measure.VALUES])
def test_values_hardly_ever_leave_fine(volumes: NDArray[np.int64], measure: Measure) -> None:
    """Amounts, and a hundred categories of which most are rare."""
    random = np.random.default_rng(7)
    drawn = [_values(random, int(count), measure) for count in volumes]
    left = 0
    baseline: FieldBaseline | None = None
    for now in judged_hours():
        place = (now - FIRST) // HOUR
        if baseline is None or place % 24 == 0:
            days = range(place - LEARNED * 24, place, 24)
            baseline = field_baseline([_day(drawn[d : d + 24]) for d in days], measure)
            assert baseline is not None
        hours = [
            HourShare(FIRST + at * HOUR, baseline.count_unusual(drawn[at], measure), sum(drawn[at].values()))
            for at in range(place - 24, place + 1)
        ]
        left += judge_share(Kind.UNUSUAL, hours, baseline.unusual, now=now).has_left_fine

    assert left == 0


def _values(random: np.random.Generator, count: int, measure: Measure) -> dict[int, int]:
    if measure is Measure.RANGE:
        places = [number_bin(value) for value in np.exp(random.normal(8, 1, count)).tolist()]
    else:
        places = np.minimum(random.zipf(1.6, count), 100).tolist()
    found, counts = np.unique(places, return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))


def _day(hours: list[dict[int, int]]) -> DayCounts:
    bins: dict[int, int] = {}
    for hour in hours:
        for place, count in hour.items():
            bins[place] = bins.get(place, 0) + count
    return DayCounts(FIRST, present=sum(bins.values()), missing=0, bins=bins)
