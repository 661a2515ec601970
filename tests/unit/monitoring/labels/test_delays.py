"""Labels that come later are found, and neither age, volume nor coverage is taken for a delay."""

import numpy as np
import pytest
from scipy import stats

from monitoring.labels.delays import (
    CHANGES,
    DelayComparison,
    DelayedLabels,
    compare_delays,
    factor_of,
    matched,
    rank_score,
)
from monitoring.labels.describing import LATE

RUNS = 200


def labels(
    seed: int,
    *,
    a_day: float = 6.0,
    days: float = 110.0,
    longer: float = 1.0,
    changed: float = 0.0,
    growth: float = 1.0,
    since_growth: float = 0.0,
) -> DelayedLabels:
    """The labels known of events of `days`: log-normal delays with a median of 4 days, at most 14.

    Events of the last `changed` days get theirs `longer` times as late, and of the last `since_growth` days
    there are `growth` times as many.
    """
    rng = np.random.default_rng(seed)
    ages = np.r_[
        rng.uniform(0, days, rng.poisson(a_day * days)),
        rng.uniform(0, since_growth, rng.poisson(max(growth - 1, 0) * a_day * since_growth)),
    ]
    if growth < 1:
        ages = ages[(ages > since_growth) | (rng.random(len(ages)) < growth)]
    delays = np.minimum(rng.lognormal(np.log(4), 0.7, len(ages)), 14.0)
    delays = np.where(ages < changed, longer * delays, delays)
    known = delays <= ages
    return DelayedLabels(ages[known], delays[known], np.zeros(int(known.sum()), dtype=np.int64))


def is_alarm(found: DelayComparison | None) -> bool:
    return found is not None and found.low > LATE


def compared(known: DelayedLabels) -> DelayComparison:
    found = compare_delays(known)
    assert found is not None
    return found


def test_quiet_sources_give_no_alarm() -> None:
    found = [compared(labels(seed)) for seed in range(RUNS)]
    assert sum(map(is_alarm, found)) == 0
    assert sum(each.is_later for each in found) <= 4  # expected: 2


@pytest.mark.parametrize("growth", [0.2, 5.0])
def test_fewer_or_more_labeled_events_are_no_delay(growth: float) -> None:
    found = [compared(labels(seed, growth=growth, since_growth=20)) for seed in range(RUNS)]
    assert sum(map(is_alarm, found)) == 0
    assert sum(each.is_later for each in found) <= 4


def test_a_young_installation_gives_no_alarm() -> None:
    found = [compared(labels(seed, days=32, a_day=20)) for seed in range(RUNS)]
    assert sum(map(is_alarm, found)) == 0
    assert sum(each.is_later for each in found) <= 4


def test_the_score_is_standard_normal_without_a_change() -> None:
    scores = []
    for seed in range(300):
        known = labels(seed)
        scores.append(rank_score(known, known.ages < 20))
    assert stats.kstest(scores, "norm").pvalue > 0.01


def test_without_truncation_the_score_is_that_of_ranks() -> None:
    rng = np.random.default_rng(0)
    delays = rng.lognormal(size=400)
    recent = np.arange(400) < 150
    delays[recent] *= 1.2
    known = DelayedLabels(np.full(400, 1e6), delays, np.zeros(400, dtype=np.int64))
    test = stats.mannwhitneyu(delays[recent], delays[~recent], use_continuity=False)
    expected = (test.statistic - 150 * 250 / 2) / np.sqrt(150 * 250 * 401 / 12)
    assert rank_score(known, recent) == pytest.approx(
        expected, rel=0.05
    )  # its variance is estimated otherwise


@pytest.mark.parametrize(("a_day", "after"), [(6.0, 20), (15.0, 14)])
def test_doubled_delays_are_found(a_day: float, after: int) -> None:
    found = [
        compared(labels(seed, a_day=a_day, longer=2.0, changed=after, days=110 + after))
        for seed in range(RUNS)
    ]
    alarms = [each for each in found if is_alarm(each)]
    assert len(alarms) >= RUNS / 2
    assert np.median([each.factor for each in found]) == pytest.approx(2.0, abs=0.2)
    assert all(abs(each.days - after) <= 10 for each in alarms)
    assert all(each.median > each.usual_median for each in alarms)


def test_the_interval_holds_the_true_factor() -> None:
    held = 0
    for seed in range(100):
        known = labels(seed, a_day=15, longer=1.5, changed=28)
        _, low, high = factor_of(known, known.ages < 28)
        held += low <= 1.5 <= high
    assert held >= 98


def test_sooner_labels_are_no_alarm() -> None:
    found = compared(labels(1, longer=0.5, changed=40))
    assert not found.is_later
    assert found.factor < 1.1


def test_another_mix_of_slow_and_fast_labels_is_no_delay() -> None:
    rng = np.random.default_rng(3)
    ages = rng.uniform(0, 110, 3_000)
    slow = rng.random(3_000) < np.where(ages < 28, 0.8, 0.2)
    delays = np.minimum(rng.lognormal(np.log(4), 0.7, 3_000), 14.0) * np.where(slow, 2.0, 0.5)
    known = delays <= ages
    mixed = DelayedLabels(ages[known], delays[known], np.zeros(int(known.sum()), dtype=np.int64))
    divided = DelayedLabels(mixed.ages, mixed.delays, slow[known].astype(np.int64))
    assert compared(mixed).low > LATE
    assert not compared(divided).is_later


def test_few_labels_are_not_compared() -> None:
    assert compare_delays(labels(1, a_day=0.5)) is None
    assert compare_delays(labels(1, days=6)) is None


def test_the_usual_is_that_of_the_same_ages() -> None:
    before = DelayedLabels(np.full(4, 100.0), np.array([1.0, 2.0, 3.0, 4.0]), np.zeros(4, dtype=np.int64))
    delays, weights = matched(before, np.array([2.0, 10.0]))
    assert delays.tolist() == [1, 2, 3, 4]
    assert weights.tolist() == [0.75, 0.75, 0.25, 0.25]  # half of the first age's, a quarter of the second's


def test_the_curve_ends_with_all_labels() -> None:
    found = compared(labels(2, longer=2.0, changed=28))
    assert found.curve[-1][1] == pytest.approx(1.0, abs=0.001)
    assert found.curve[12][2] < found.curve[12][1]  # later ones have come less
    assert max(CHANGES) >= found.days
