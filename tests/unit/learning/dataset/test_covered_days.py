import numpy as np
import pytest

from scoring.learning.dataset.covered_days import covered_days
from scoring.learning.dataset.split import DAY_US


def test_of_steady_events_it_is_their_span():
    times = np.arange(20 * 24, dtype=np.int64) * (DAY_US // 24)
    assert covered_days(times[-72:], among=times) == pytest.approx(3.0)


def test_of_a_few_hours_it_is_their_part_of_the_day():
    """Five hours of a two-day history: a hundred a day are 20 in them, not 100."""
    times = np.arange(48, dtype=np.int64) * (DAY_US // 24)
    assert covered_days(times[-5:], among=times) == pytest.approx(5 / 24, rel=0.05)


def test_silences_count_nothing():
    days = np.array([0, 1, 2, 200, 201, 400], dtype=np.int64) * DAY_US
    bursts = (days[:, None] + np.arange(10)).ravel()
    assert covered_days(bursts[-20:], among=bursts) == pytest.approx(2.0)


def test_events_of_one_moment_are_a_day():
    assert covered_days(np.zeros(7, dtype=np.int64), among=np.zeros(7, dtype=np.int64)) == 1.0
