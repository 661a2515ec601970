"""PSI against hand calculations, its properties, and what chance explains."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from monitoring.drift.distance import (
    CHANCE_LEVEL,
    Drift,
    State,
    chi_square_quantile,
    judge,
    measure_drift,
    population_stability,
)

counts = st.lists(st.integers(0, 10_000), min_size=1, max_size=31)
pairs = st.integers(1, 31).flatmap(
    lambda size: st.tuples(*[st.lists(st.integers(0, 10_000), min_size=size, max_size=size)] * 2)
)


def test_psi_equals_a_hand_calculation() -> None:
    """Shares (half a row more in each of three bins): 20.5, 30.5, 50.5 and 50.5, 30.5, 20.5 of 101.5."""
    p, q = [20.5 / 101.5, 30.5 / 101.5, 50.5 / 101.5], [50.5 / 101.5, 30.5 / 101.5, 20.5 / 101.5]
    by_hand = (q[0] - p[0]) * math.log(q[0] / p[0]) + (q[2] - p[2]) * math.log(q[2] / p[2])

    assert population_stability([20, 30, 50], [50, 30, 20]) == pytest.approx(by_hand)
    assert by_hand == pytest.approx(0.532935, abs=1e-6)


def test_with_many_rows_smoothing_vanishes_and_psi_is_the_textbooks() -> None:
    """0.1 * ln(0.3 / 0.2) + 0.1 * ln(0.3 / 0.2): shares 20, 30, 50 % and 30, 30, 40 %."""
    textbook = 0.1 * math.log(0.3 / 0.2) - 0.1 * math.log(0.4 / 0.5)
    scaled = np.array([[20, 30, 50], [30, 30, 40]]) * 10**7

    assert population_stability(*scaled) == pytest.approx(textbook, rel=1e-6)


@given(pair=pairs)
def test_psi_is_symmetric_and_never_negative(pair: tuple[list[int], list[int]]) -> None:
    then, now = pair
    if sum(then) and sum(now):
        psi = population_stability(then, now)
        assert psi >= 0
        assert psi == pytest.approx(population_stability(now, then), rel=1e-9, abs=1e-12)


@given(then=counts)
def test_psi_of_equal_counts_is_zero(then: list[int]) -> None:
    assert population_stability(then, then) == 0


def test_empty_bins_do_not_change_psi() -> None:
    assert population_stability([5, 0, 9, 0], [7, 0, 2, 0]) == population_stability([5, 9], [7, 2])


def test_chance_alone_gives_the_expected_psi_and_rarely_exceeds_the_limit() -> None:
    generator = np.random.default_rng(5)
    shares = np.array([0.1] * 10)
    then = generator.multinomial(20_000, shares)
    drifts = [measure_drift(then, generator.multinomial(400, shares)) for _ in range(4_000)]

    assert np.mean([drift.psi for drift in drifts]) == pytest.approx(drifts[0].expected, rel=0.1)
    assert np.mean([drift.psi > drift.limit for drift in drifts]) < 3 * (1 - CHANCE_LEVEL)


def test_few_rows_that_seem_to_have_moved_are_not_drift() -> None:
    then = [1_000] * 10
    few, many = [0, 0, 5, 3, 2, 4, 1, 0, 3, 2], [0, 0, 500, 300, 200, 400, 100, 0, 300, 200]

    assert measure_drift(then, few).psi > 0.25
    assert measure_drift(then, few).state is State.CHANCE
    assert measure_drift(then, many).state is State.SHIFTED


@pytest.mark.parametrize(
    ("psi", "limit", "state"),
    [
        (0.09, 0.0, State.STABLE),
        (0.1, 0.0, State.MODERATE),
        (0.25, 0.0, State.MODERATE),
        (0.26, 0.0, State.SHIFTED),
        (0.26, 0.3, State.CHANCE),
        (0.09, 0.3, State.STABLE),
    ],
)
def test_the_rule_of_thumb_holds_beyond_chance(psi: float, limit: float, state: State) -> None:
    assert judge(psi, limit=limit) is state


@pytest.mark.parametrize(("limit", "ordinary", "threshold"), [(0.01, 0.02, 0.1), (0.15, 0.2, 0.35)])
def test_the_threshold_is_what_is_explained_but_never_below_the_rule_of_thumb(
    limit: float, ordinary: float, threshold: float
) -> None:
    drift = Drift(0.2, 0.0, limit, State.MODERATE, ordinary)
    assert drift.threshold == pytest.approx(threshold)
    assert judge(threshold - 0.001, limit=limit, ordinary=ordinary).has_moved is False
    assert judge(threshold + 0.001, limit=limit, ordinary=ordinary).has_moved is True


def test_without_rows_the_state_is_no_data() -> None:
    assert measure_drift([0, 0], [3, 4]).state is State.NO_DATA
    assert measure_drift([3, 4], [0, 0]).state is State.NO_DATA
    one_value = measure_drift([3, 0], [9, 0])  # then and now: nothing is left to chance
    assert (one_value.state, one_value.expected, one_value.limit) == (State.STABLE, 0, 0)


def test_chance_exceeds_the_limit_at_most_once_in_a_thousand() -> None:
    """Chi-square with 9 degrees of freedom: 9 on average, 27.877 at 0.999 (any table of it)."""
    drift = measure_drift([2_000] * 10, [40] * 10)
    per_degree = 1 / 20_000 + 1 / 400

    assert drift.expected == pytest.approx(9 * per_degree)
    assert drift.limit == pytest.approx(27.877 * per_degree, rel=1e-4)


def test_a_page_of_steady_features_raises_no_false_alarm() -> None:
    """Fifty features a page, a hundred pages of some hundred decisions each: a limit at one in ten, or one
    that forgot that the present sample is small, would call hundreds of them drifted."""
    generator = np.random.default_rng(8)
    then = generator.multinomial(20_000, [0.1] * 10)
    states = [
        measure_drift(then, generator.multinomial(120, [0.1] * 10)).state.has_moved for _ in range(5_000)
    ]
    assert sum(states) <= 15


def test_exactly_what_chance_explains_is_chance() -> None:
    assert judge(0.3, limit=0.3) is State.CHANCE
    assert judge(0.3, limit=0.2999) is State.SHIFTED


@pytest.mark.parametrize(("share", "degrees"), [(0.5, 1), (0.999, 1), (0.999, 9), (0.01, 60)])
def test_the_chi_square_quantile_is_the_one_that_scipy_computes(share: float, degrees: int) -> None:
    assert chi_square_quantile(share, degrees) == pytest.approx(chi2.ppf(share, degrees), rel=1e-12)
