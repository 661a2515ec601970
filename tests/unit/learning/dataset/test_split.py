import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scoring.learning.dataset.requirements import newest_insufficient_slice
from scoring.learning.dataset.split import DAY_US, MinPositives, SplitShares, split_by_time

DAILY = np.arange(200, dtype=np.int64) * DAY_US
NO_NEEDS = MinPositives(train=0, held_out=0)
HOUR_US = DAY_US // 24


def split(times, *, y=None, shares=None, needs=NO_NEEDS):
    y = np.ones(len(times), dtype=np.int8) if y is None else y
    return split_by_time(occurred_at=times, y=y, shares=shares or SplitShares(), needs=needs)


def sizes(slices):
    return {name: len(rows) for name, rows in vars(slices).items()}


def test_slices_follow_each_other_in_time_and_lose_no_row():
    times = np.random.default_rng(0).permutation(DAILY)
    slices = split(times)
    assert sorted(np.concatenate(list(vars(slices).values()))) == list(range(200))
    for earlier, later in pairwise(times[rows] for rows in vars(slices).values()):
        assert earlier.max() < later.min()


def test_the_gap_is_as_long_as_labels_take():
    slices = split(DAILY, shares=SplitShares(gap_days=21))
    assert len(slices.gap) == 21
    assert DAILY[slices.validation].min() - DAILY[slices.train].max() > 21 * DAY_US


def test_shares_are_of_events_so_that_a_busy_end_leaves_training_its_history():
    """Ten days hold all but a few of the events, after eight sparse months."""
    busy = 240 * DAY_US + np.arange(2_000, dtype=np.int64) * (10 * DAY_US // 2_000)
    slices = split(np.concatenate([np.arange(0, 240, 8) * DAY_US, busy]), shares=SplitShares(gap_days=0))
    assert sizes(slices) == {"train": 1421, "gap": 0, "validation": 203, "calibration": 203, "test": 203}


def test_one_event_of_1970_moves_no_border_by_more_than_itself():
    clean = split(DAILY + 20_000 * DAY_US)
    with_outlier = split(np.concatenate([DAILY + 20_000 * DAY_US, [10_000_000]]))
    for before, after in zip(vars(clean).values(), vars(with_outlier).values(), strict=True):
        assert abs(len(before) - len(after)) <= 1


def test_without_a_test_slice_its_events_go_to_training():
    slices = split(DAILY, shares=SplitShares(gap_days=0).without_test())
    assert sizes(slices) == {"train": 160, "gap": 0, "validation": 20, "calibration": 20, "test": 0}


def test_events_of_one_moment_are_never_parted():
    """Dates without a time: ten events each midnight, so that ideal borders fall inside a moment."""
    times = np.repeat(np.arange(37, dtype=np.int64) * DAY_US, 10)
    slices = split(times, shares=SplitShares(gap_days=3))
    moments = [set(times[rows].tolist()) for rows in vars(slices).values()]
    assert sum(len(part) for part in moments) == 37
    assert all(moments)


def test_a_row_on_the_edge_is_of_the_later_slice():
    """The gap begins with the event exactly 14 days before validation, not with the one a moment earlier."""
    edge = DAILY[140] - 14 * DAY_US
    times = np.sort(np.concatenate([DAILY, [edge - 1]]))
    slices = split(times, shares=SplitShares(gap_days=14))
    assert times[slices.validation].min() - times[slices.gap].min() == 14 * DAY_US
    assert times[slices.train].max() == edge - 1


def test_two_days_are_enough_and_the_gap_is_at_most_half_of_training():
    times = np.arange(2_000, dtype=np.int64) * (2 * DAY_US // 2_000)
    assert sizes(split(times)) == {
        "train": 700, "gap": 700, "validation": 200, "calibration": 200, "test": 200
    }  # fmt: skip


def test_the_gap_leaves_training_its_positives():
    """All but two of the early positives are of the last week before validation."""
    y = np.zeros(200, dtype=np.int8)
    y[[10, 20, *range(133, 140)]] = 1
    slices = split(DAILY, y=y, needs=MinPositives(train=5, held_out=0))
    assert y[slices.train].sum() == 5
    assert DAILY[slices.train].max() == DAILY[135]


def test_a_slice_reaches_back_for_its_positives_to_three_times_its_share_at_most():
    y = np.zeros(200, dtype=np.int8)
    y[[165, 166, 170]] = 1
    enough = split(DAILY, y=y, needs=MinPositives(train=0, held_out=2))
    assert (enough.test.min(), len(enough.test)) == (166, 34)
    y[[165, 166]] = 0
    short = split(DAILY, y=y, needs=MinPositives(train=0, held_out=2))
    assert len(short.test) == 60


def test_slices_that_reach_back_leave_training_two_fifths():
    slices = split(DAILY, y=np.zeros(200, dtype=np.int8), needs=MinPositives(train=0, held_out=5))
    assert len(slices.train) + len(slices.gap) == 80


def test_a_slice_that_has_its_positives_keeps_to_its_share():
    needs = MinPositives(train=20, held_out=5)
    assert sizes(split(DAILY, needs=needs)) == sizes(split(DAILY))


def test_a_burst_of_one_moment_larger_than_a_slice_leaves_every_slice_something():
    times = np.sort(np.concatenate([DAILY, np.repeat(DAILY[-1], 300)]))
    assert all(sizes(split(times, shares=SplitShares(gap_days=1))).values())


@pytest.mark.parametrize("count", [1, 2, 3])
def test_too_few_moments_leave_slices_empty_and_raise_nothing(count):
    slices = split(DAILY[:count])
    assert sum(sizes(slices).values()) == count
    assert len(slices.train) == 0


@pytest.mark.skipif("ASSAY_TEST_DATA" not in os.environ, reason="needs public data")
def test_comments_that_came_in_bursts_give_every_slice_its_positives():
    comments = pd.read_csv(Path(os.environ["ASSAY_TEST_DATA"]) / "comments" / "tubespam.csv")
    for _, video in [*comments.groupby("video_id"), ("all of them", comments)]:
        times = pd.to_datetime(video.occurred_at, utc=True, format="ISO8601").dt.as_unit("us")
        y = video.is_spam.to_numpy(dtype=np.int8)
        slices = split(times.astype("int64").to_numpy(), y=y, needs=MinPositives())
        assert newest_insufficient_slice(y, slices, MinPositives(), with_test=True) is None


def test_without_a_test_slice_the_others_keep_their_shares_and_the_gap():
    shares = SplitShares(train=0.5, validation=0.1, calibration=0.15, test=0.25, gap_days=21)
    assert shares.without_test() == SplitShares(0.75, 0.1, 0.15, 0.0, 21)


@pytest.mark.parametrize(("minimum", "held_out"), [(20, 5), (11, 2), (4, 1), (3, 1), (0, 1)])
def test_a_slice_that_judges_needs_a_quarter_of_the_positives_but_one_at_least(minimum, held_out):
    assert MinPositives.of(minimum) == MinPositives(train=minimum, held_out=held_out)


def test_shares_count_relative_to_each_other():
    assert sizes(split(DAILY, shares=SplitShares(7, 1, 1, 1))) == sizes(split(DAILY))


def test_a_slice_that_needs_every_positive_there_is_reaches_back_to_the_first_and_no_further():
    y = np.zeros(200, dtype=np.int8)
    y[[165, 170]] = 1
    assert split(DAILY, y=y, needs=MinPositives(train=0, held_out=2)).test.min() == 165


def test_four_moments_are_a_slice_each():
    assert sizes(split(DAILY[:4])) == {"train": 1, "gap": 0, "validation": 1, "calibration": 1, "test": 1}
