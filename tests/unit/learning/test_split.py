from itertools import pairwise

import numpy as np
import pytest

from scoring.errors import NotEnoughHistory
from scoring.learning.split import DAY_US, SplitShares, split_by_time

DAILY = np.arange(200, dtype=np.int64) * DAY_US


def test_slices_follow_each_other_in_time_and_lose_no_row():
    slices = split_by_time(occurred_at=np.random.default_rng(0).permutation(DAILY), shares=SplitShares())
    assert sum(len(rows) for rows in vars(slices).values()) == 200
    times = np.random.default_rng(0).permutation(DAILY)
    parts = [times[rows] for rows in vars(slices).values()]
    for earlier, later in pairwise(parts):
        assert earlier.max() < later.min()


def test_the_gap_is_as_long_as_labels_take():
    slices = split_by_time(occurred_at=DAILY, shares=SplitShares(gap_days=21))
    assert len(slices.gap) == 21
    assert DAILY[slices.validation].min() - DAILY[slices.train].max() > 21 * DAY_US


def test_shares_are_of_time_not_of_rows():
    busy_end = np.concatenate([DAILY, np.repeat(DAILY[-1], 1_000)])
    slices = split_by_time(occurred_at=busy_end, shares=SplitShares(gap_days=0))
    assert len(slices.train) == pytest.approx(140, abs=2)
    assert len(slices.test) > 1_000


def test_without_a_test_slice_its_time_goes_to_training():
    slices = split_by_time(occurred_at=DAILY, shares=SplitShares(gap_days=0).without_test())
    assert len(slices.test) == 0
    assert len(slices.train) == pytest.approx(160, abs=2)


def test_less_than_a_week_is_refused_with_the_days_there_are():
    with pytest.raises(NotEnoughHistory) as refused:
        split_by_time(occurred_at=DAILY[:4], shares=SplitShares())
    assert refused.value.days == pytest.approx(3.0)
    with pytest.raises(NotEnoughHistory):
        split_by_time(occurred_at=DAILY[:0], shares=SplitShares())
