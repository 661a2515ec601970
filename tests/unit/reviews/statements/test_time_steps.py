"""Medians of times that are counted in steps."""

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.statements.time_steps import TimeStep, median_of_steps


def test_there_is_no_median_of_no_times() -> None:
    assert median_of_steps([]) is None


@given(st.lists(st.integers(0, 20), min_size=1))
def test_the_median_is_exact_where_a_step_has_one_time(seconds: list[int]) -> None:
    steps = [TimeStep(float(each), 1, float(each)) for each in seconds]
    assert median_of_steps(steps) == pytest.approx(median(seconds))


def test_times_of_a_step_count_as_their_mean() -> None:
    steps = [TimeStep(1.0, 2, 10.0), TimeStep(2.0, 1, 7.0), TimeStep(1.0, 1, 2.0)]
    assert median_of_steps(steps) == 4.0
    assert median_of_steps([*steps, TimeStep(2.0, 2, 17.0)]) == (4.0 + 8.0) / 2
