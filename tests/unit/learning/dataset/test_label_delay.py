"""The gap before validation follows from how long positive labels took, unless the recipe states it."""

from dataclasses import replace

import numpy as np
import pytest

from scoring.learning.dataset.label_delay import Gap, gap_of
from scoring.learning.dataset.split import DAY_US, SplitShares
from scoring.learning.dataset.training_set import NO_TIME, RowTimes
from tests.unit.learning.made_up import training_set

DERIVED = SplitShares()


def with_delays(days, *, positives=40):
    """A set whose positives were labeled after these numbers of days, in turn, its negatives after 45."""
    data = training_set(rows=200)
    y = (np.arange(200) < positives).astype(np.int8)
    delay = np.where(y == 1, np.resize(np.asarray(days, dtype=float), 200), 45.0)
    known_at = data.occurred_at + (delay * DAY_US).astype(np.int64)
    return replace(data, y=y, times=RowTimes(data.occurred_at, known_at, known_at))


@pytest.mark.parametrize(
    ("delays", "days"),
    [
        ([20.2], 21.0),  # rounded up
        ([16.0] * 19 + [40.0], 16.0),  # a long tail of one in twenty
        ([16.0] * 4 + [30.0], 30.0),  # one in five is more than a tail
        ([0.1], 14.0),  # never shorter
        ([120.0], 45.0),  # never longer
    ],
)
def test_nine_in_ten_positive_labels_were_known_within_the_gap(delays, days):
    assert gap_of(DERIVED, with_delays(delays)) == Gap(days, labels=40)


def test_negative_labels_say_nothing_of_the_delay_of_positive_ones():
    data = with_delays([20.0], positives=20)
    assert gap_of(DERIVED, data) == Gap(20.0, labels=20)


@pytest.mark.parametrize("days", [0.0, 7.0, 90.0])
def test_a_stated_gap_holds_whatever_the_delay(days):
    assert gap_of(SplitShares(gap_days=days), with_delays([20.0])) == Gap(days, stated=True)


def test_few_labels_show_no_delay():
    assert gap_of(DERIVED, with_delays([30.0], positives=19)) == Gap(14.0)


def test_positives_whose_label_has_no_time_do_not_count():
    data = with_delays([30.0])
    unknown = np.full(200, NO_TIME)
    assert gap_of(DERIVED, replace(data, times=RowTimes(data.occurred_at, unknown, unknown))) == Gap(14.0)


def test_a_set_that_was_not_joined_from_a_log_has_the_default():
    assert gap_of(DERIVED, training_set(rows=200)) == Gap(14.0)
