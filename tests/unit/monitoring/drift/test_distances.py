"""What the distances of binned counts promise, and which way a distribution moved."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.drift.distances.binned import (
    DISTANCES,
    chi_square,
    hellinger,
    jensen_shannon,
    largest_mover,
    psi,
    signed_shift,
    wasserstein,
)

pairs = st.integers(2, 12).flatmap(
    lambda bins: st.tuples(*[st.lists(st.integers(0, 500), min_size=bins, max_size=bins).filter(sum)] * 2)
)


@given(pairs)
def test_distances_have_their_range_and_are_zero_for_equal_shares(both: tuple[list[int], list[int]]) -> None:
    then, now = both
    assert 0 <= jensen_shannon(then, now) <= math.sqrt(math.log(2)) + 1e-12
    assert 0 <= hellinger(then, now) <= 1 + 1e-12
    assert abs(signed_shift(then, now)) <= wasserstein(then, now) + 1e-12 <= 1 + 2e-12
    assert signed_shift(then, now) == pytest.approx(-signed_shift(now, then))
    for name, distance in DISTANCES.items():
        same = distance(then, [2 * count for count in then])
        assert same == pytest.approx(1.0 if name == "chi_square_p" else 0.0, abs=1e-7)


@pytest.mark.parametrize(
    ("then", "now", "shift"),
    [
        ([10, 0, 0, 0], [0, 0, 0, 10], 1.0),
        ([10, 0, 0, 0], [0, 10, 0, 0], 1 / 3),
        ([0, 10, 10, 0], [10, 10, 0, 0], -1 / 3),
        ([5, 0, 5], [0, 10, 0], 0.0),  # narrower, but not higher
        ([3], [9], 0.0),
    ],
)
def test_a_shift_is_positive_if_values_grew(then: list[int], now: list[int], shift: float) -> None:
    assert signed_shift(then, now) == pytest.approx(shift)


def test_the_largest_mover_is_named_with_its_change() -> None:
    assert largest_mover([50, 30, 20], [55, 10, 35]) == (1, pytest.approx(-0.2))


def test_rows_where_none_were_are_impossible_by_chance() -> None:
    assert chi_square([10, 0], [9, 1]) == (math.inf, 0.0)
    assert psi([1, 0], [0, 1]) == math.inf
