from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from scoring.learning.errors import InvalidTraining
from scoring.learning.folds.windows import MAX_FOLDS, derived_folds, origin_shares, stated_folds

START, DAY = datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=1)


def test_derived_folds_follow_each_other_without_a_gap():
    folds = derived_folds([START + 50 * DAY, START + 60 * DAY, START + 80 * DAY], last=START + 100 * DAY)
    assert [fold.number for fold in folds] == [1, 2, 3]
    assert all(earlier.until == later.origin for earlier, later in pairwise(folds))
    assert (folds[0].origin, folds[-1].until) == (START + 50 * DAY, START + 100 * DAY)


@pytest.mark.parametrize("count", [1, 4, MAX_FOLDS])
def test_the_newer_half_of_the_events_is_tested_in_equal_parts(count):
    shares = [*origin_shares(count), 1.0]
    assert shares[0] == 0.5
    assert all(later - earlier == pytest.approx(0.5 / count) for earlier, later in pairwise(shares))


@pytest.mark.parametrize("count", [0, -1, MAX_FOLDS + 1])
def test_a_number_of_folds_out_of_range_is_refused(count):
    with pytest.raises(InvalidTraining, match="folds"):
        origin_shares(count)


def test_tests_of_less_than_a_day_are_refused():
    with pytest.raises(InvalidTraining, match="at least a day"):
        derived_folds([START, START + DAY / 2], last=START + 9 * DAY)


def test_stated_folds_have_the_stated_length():
    folds = stated_folds([START, START + 30 * DAY], length=14 * DAY, last=START + 44 * DAY)
    assert [(fold.origin, fold.until) for fold in folds] == [
        (START, START + 14 * DAY),
        (START + 30 * DAY, START + 44 * DAY),
    ]


@pytest.mark.parametrize(
    ("origins", "length", "field", "words"),
    [
        ([START + 31 * DAY], 14 * DAY, "origins", "whose test ends by 2026-02-14"),
        ([START + DAY, START], DAY, "origins", "after the origin before it"),
        ([START], DAY / 2, "test_days", "at least 1"),
        ([], DAY, "origins", "1 to 24 dates"),
    ],
)
def test_stated_folds_that_cannot_be_are_refused(origins, length, field, words):
    with pytest.raises(InvalidTraining) as refused:
        stated_folds(origins, length=length, last=START + 44 * DAY)
    assert refused.value.field == field
    assert words in str(refused.value)
