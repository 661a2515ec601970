import numpy as np
import pytest

from scoring.learning.dataset.outliers import find_outliers, outlier_sentences
from scoring.learning.dataset.split import DAY_US

APRIL_2025 = 20_179 * DAY_US
BULK = APRIL_2025 + np.sort(np.random.default_rng(1).integers(0, 83 * DAY_US, 6_000))


def found(*others):
    times = np.concatenate([BULK, np.array(others, dtype=np.int64)])
    kept, outliers = find_outliers(times)
    assert kept.sum() + outliers.events == len(times)
    return set(times[~kept].tolist()), outliers


def test_an_event_of_a_reset_clock_is_left_out_and_named():
    left_out, outliers = found(10_000_000)
    assert left_out == {10_000_000}
    assert outlier_sentences(outliers.stored()) == ["1 event far earlier than all others (1970-01-01)"]


def test_several_wrong_clocks_at_both_ends_are_left_out_together():
    early, late = [0, 3_650 * DAY_US, 10_000 * DAY_US], [40_000 * DAY_US, 50_000 * DAY_US]
    left_out, outliers = found(*early, *late)
    assert left_out == {*early, *late}
    assert [(where, group.events) for where, group in outliers] == [("before", 3), ("after", 2)]
    assert outlier_sentences(outliers.stored()) == [
        "3 events far earlier than all others (1970-01-01 to 1997-05-19)",
        "2 events far later than all others (2079-07-08 to 2106-11-24)",
    ]


def test_a_sparse_beginning_is_history_not_an_outlier():
    assert found(*(APRIL_2025 - day * DAY_US for day in range(8, 240, 8)))[0] == set()


def test_a_silence_shorter_than_the_rest_of_the_history_is_none():
    assert found(APRIL_2025 - 80 * DAY_US)[0] == set()
    assert found(APRIL_2025 - 90 * DAY_US)[0] != set()


def test_more_than_one_in_a_hundred_are_part_of_the_history():
    assert len(found(*range(60))[0]) == 60
    assert found(*range(70))[0] == set()


def test_a_burst_within_an_hour_does_not_make_outliers_of_the_same_day():
    times = np.concatenate([np.arange(500), [DAY_US // 2]])
    assert find_outliers(times)[0].all()


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_of_a_handful_of_events_none_is_an_outlier(count):
    kept, outliers = find_outliers(np.arange(count, dtype=np.int64) * 1_000 * DAY_US)
    assert kept.all()
    assert outliers.events == 0
    assert outlier_sentences(outliers.stored()) == []


def test_a_model_from_before_has_none_to_tell_of():
    assert outlier_sentences(None) == []


@pytest.mark.parametrize("direction", [1, -1], ids=["at the end", "at the beginning"])
@pytest.mark.parametrize(("events", "most"), [(4, 0), (5, 1), (8, 1), (9, 2), (13, 3), (399, 3), (400, 4)])
def test_as_many_as_the_bound_says_are_outliers_and_one_more_are_history(events, most, direction):
    for far, left_out in ((most, most), (most + 1, 0)):
        times = np.append(np.arange(events - far), 10_000 * DAY_US + np.arange(far))
        assert find_outliers(direction * times)[1].events == left_out


def test_a_silence_exactly_as_long_as_the_rest_lasts_is_none():
    """Of 101 events three at either end may be outliers: the rest are the days 2 to 96."""
    daily = np.arange(100, dtype=np.int64) * DAY_US
    assert find_outliers(np.append(daily, -94 * DAY_US))[0].all()
    assert find_outliers(np.append(daily, -94 * DAY_US - 1))[1].events == 1
