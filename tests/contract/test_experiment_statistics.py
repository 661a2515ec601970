"""The statistics of experiments against scipy, published examples, a bootstrap and simulated A/A tests."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from experiments.statistics.comparisons import compare, exact_p_value, mover_limits
from experiments.statistics.estimates import estimate, estimate_total, exact_limits
from experiments.statistics.moments import Moments, ratio_variance
from experiments.statistics.power import units_needed
from experiments.statistics.sample_ratio import check_sample_ratio
from experiments.statistics.sequential import always_valid_factor

EXACT = {"rel": 1e-6, "abs": 1e-9}


def single_decisions(hits: int, units: int) -> Moments:
    """An arm in which each unit decided once."""
    y = np.zeros(units)
    y[:hits] = 1
    return Moments.of(y, np.ones(units))


def busy_customers(seed: int, units: int, *, rate: float = 0.1, scale: float = 1.0):
    """(y, n): customers who decide 1 to many times and differ much in their own rates."""
    draw = np.random.default_rng(seed)
    n = 1 + draw.geometric(0.25, units)
    own = draw.beta(rate * 3, (1 - rate) * 3, units)
    return draw.binomial(n, own) * scale, n


# Shares, one decision a unit: what every text book has


def test_with_one_decision_per_unit_the_p_value_is_welchs():
    control, treatment = single_decisions(150, 1000), single_decisions(200, 1200)
    found = compare(control, treatment, share=True, planned_units=2200)
    zeros_and_ones = [np.repeat([1.0, 0.0], [hits, n - hits]) for hits, n in ((200, 1200), (150, 1000))]
    z = stats.ttest_ind(*zeros_and_ones, equal_var=False).statistic
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(z)), **EXACT)
    assert found.difference.value == pytest.approx(200 / 1200 - 0.15, **EXACT)


def test_a_difference_of_two_proportions_worked_by_hand():
    """60 of 200 against 48 of 240: 0.1, z = 0.1 / sqrt(0.21 / 199 + 0.16 / 239) = 2.40790."""
    found = compare(single_decisions(48, 240), single_decisions(60, 200), share=True, planned_units=440)
    error = math.sqrt(0.3 * 0.7 / 199 + 0.2 * 0.8 / 239)
    assert found.difference.value == pytest.approx(0.1, **EXACT)
    assert found.difference.low == pytest.approx(0.1 - 1.959963984540054 * error, **EXACT)
    assert found.p_value == pytest.approx(0.0160444, abs=1e-6)


def test_limits_of_a_difference_as_published_by_newcombe_1998():
    """Statistics in Medicine 17, table II, 56/70 - 48/80: method 10 gives 0.0524 to 0.3339."""
    arms = []
    for hits, n in ((48, 80), (56, 70)):
        wilson = stats.binomtest(hits, n).proportion_ci(method="wilson")
        arms.append((hits / n, wilson.low, wilson.high))
    assert mover_limits(*arms) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize(("hits", "units"), [(0, 40), (3, 40), (40, 40), (1, 1)])
def test_exact_limits_of_single_decisions_are_clopper_pearsons(hits, units):
    published = stats.binomtest(hits, units).proportion_ci(method="exact")
    # Single decisions have the design effect N / (N - 1), the variance's own factor; none at 0 and 1.
    if hits in (0, units):
        assert exact_limits(single_decisions(hits, units)) == pytest.approx(tuple(published), **EXACT)
    else:
        assert exact_limits(single_decisions(hits, units)) == pytest.approx(tuple(published), rel=0.03)


def test_exact_limits_of_units_that_decide_often_are_those_at_the_effective_size():
    y, n = np.array([5, 0, 0, 1]), np.array([5, 5, 4, 6])
    share = y.sum() / n.sum()
    variance = 4 / 3 * np.square(y - share * n).sum() / n.sum() ** 2
    effective = share * (1 - share) / variance
    assert effective < n.sum() / 3
    low = stats.beta.ppf(0.025, share * effective, (1 - share) * effective + 1)
    high = stats.beta.ppf(0.975, share * effective + 1, (1 - share) * effective)
    assert exact_limits(Moments.of(y, n)) == pytest.approx((low, high), **EXACT)


def test_the_interval_of_a_share_never_exceeds_one():
    """One customer decided nearly everything, so that the normal interval reaches far."""
    found = estimate(Moments.of([10_000] + [1] * 9 + [0] * 10, [10_000] + [1] * 9 + [5] * 10), share=True)
    assert (found.method, found.high) == ("normal", 1.0)


@pytest.mark.parametrize("share", [True, False])
def test_without_decisions_in_an_arm_there_is_nothing_to_compare(share):
    nothing, some = Moments.of([], []), single_decisions(1, 1)
    assert compare(nothing, some, share=share, planned_units=2) is None
    assert compare(some, nothing, share=share, planned_units=2) is None
    assert compare(some, some, share=share, planned_units=2).difference.value == 0


def test_few_events_are_compared_by_fishers_exact_test_on_units():
    control, treatment = single_decisions(1, 50), single_decisions(7, 60)
    found = compare(control, treatment, share=True, planned_units=110)
    assert found.difference.method == "exact"
    assert found.p_value == pytest.approx(stats.fisher_exact([[7, 53], [1, 49]]).pvalue, **EXACT)
    assert exact_p_value(control, treatment) == found.p_value
    assert found.difference.low < found.difference.value < found.difference.high
    assert found.lift is None


def test_a_share_of_zero_still_has_an_upper_limit():
    """The rule of three: 0 of 300 is below about 3 / 300 at 95 % one-sided, 3.69 / 300 at 97.5 %."""
    found = estimate(single_decisions(0, 300), share=True)
    assert (found.value, found.low, found.method) == (0, 0, "exact")
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 300), **EXACT)


# Sample ratio


def test_the_sample_ratio_example_of_kohavi_tang_and_xu():
    """Trustworthy Online Controlled Experiments (2020), ch. 3: 821,588 to 815,482, p = 1.8e-6."""
    found = check_sample_ratio((821_588, 815_482), share=0.5)
    assert found.p_value == pytest.approx(1.8e-6, rel=0.02)
    assert found.alarm


def test_a_sample_ratio_as_planned_raises_no_alarm():
    found = check_sample_ratio((8_950, 1_050), share=0.1)
    assert found.p_value == pytest.approx(stats.chisquare([8950, 1050], [9000, 1000]).pvalue, **EXACT)
    assert not found.alarm
    assert check_sample_ratio((0, 0), share=0.5) is None


# Ratios over units that decide many times


def test_the_delta_methods_variance_by_its_published_form():
    """Deng, Knoblich and Lu (2018), equation 3: (var(y) - 2 R cov(y, n) + R^2 var(n)) / (N mean(n)^2)."""
    y, n = busy_customers(1, 4000)
    r, cov = y.sum() / n.sum(), np.cov(y, n)
    published = (cov[0, 0] - 2 * r * cov[0, 1] + r * r * cov[1, 1]) / (len(n) * n.mean() ** 2)
    assert ratio_variance(Moments.of(y, n)) == pytest.approx(published, **EXACT)


@pytest.mark.parametrize("scale", [1.0, 4250.0])
def test_the_delta_methods_standard_error_is_that_of_a_bootstrap_over_units(scale):
    y, n = busy_customers(2, 3000, scale=scale)
    draw = np.random.default_rng(3)
    picks = draw.integers(0, len(n), (3000, len(n)))
    bootstrap = (y[picks].sum(axis=1) / n[picks].sum(axis=1)).std()
    assert math.sqrt(ratio_variance(Moments.of(y, n))) == pytest.approx(bootstrap, rel=0.05)


def test_decisions_of_one_customer_do_not_count_as_independent():
    y, n = busy_customers(4, 3000)
    naive = (y.sum() / n.sum()) * (1 - y.sum() / n.sum()) / n.sum()
    assert ratio_variance(Moments.of(y, n)) > 1.5 * naive


def test_a_total_has_the_interval_of_a_sum_of_units():
    y, n = busy_customers(5, 3000, scale=100.0)
    found = estimate_total(Moments.of(y, n))
    assert found.value == y.sum()
    assert found.high - found.value == pytest.approx(
        1.959963984540054 * math.sqrt(len(y)) * y.std(ddof=1), **EXACT
    )


def test_money_lost_by_few_customers_has_no_interval():
    y = np.zeros(5000)
    y[:12] = 9_000
    found = compare(*[Moments.of(y, np.ones(5000))] * 2, share=False, planned_units=10_000)
    assert found.difference == (0, None, None, "none")
    assert found.p_value is None


def test_the_lift_is_relative_to_the_control():
    found = compare(single_decisions(200, 2000), single_decisions(260, 2000), share=True, planned_units=4000)
    assert found.lift.value == pytest.approx(0.3, **EXACT)
    spread = math.sqrt(0.87 / 0.13 / 1999 + 0.9 / 0.1 / 1999)
    assert found.lift.low == pytest.approx(1.3 / math.exp(1.959963984540054 * spread) - 1, **EXACT)


# Planning and peeking


def test_units_needed_worked_by_hand():
    """0.10 to 0.12 in halves: (1.959964 + 0.841621)^2 * (0.09 + 0.1056) / 0.02^2 = 3838.1 an arm."""
    assert units_needed(baseline=0.10, effect=0.02, share=0.5) == 7677


def test_the_planned_units_detect_the_effect_with_80_percent_power():
    total, draw = units_needed(baseline=0.10, effect=0.03, share=0.3), np.random.default_rng(6)
    treated = round(0.3 * total)
    found = [
        compare(
            single_decisions(draw.binomial(total - treated, 0.10), total - treated),
            single_decisions(draw.binomial(treated, 0.13), treated),
            share=True,
            planned_units=total,
        ).p_value
        < 0.05
        for _ in range(1500)
    ]
    assert np.mean(found) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("rates", [{"baseline": 0.0, "effect": 0.1}, {"baseline": 0.1, "effect": -0.1}])
def test_a_plan_for_impossible_rates_is_refused(rates):
    with pytest.raises(ValueError, match="between 0 and 1"):
        units_needed(share=0.5, **rates)


def test_the_always_valid_factor_by_its_formula():
    """Waudby-Smith et al. (2021), theorem 2.2, where t is the planned number of units."""
    t_rho2 = -2 * math.log(0.05) + math.log(-2 * math.log(0.05) + 1)
    expected = math.sqrt(2 * (t_rho2 + 1) / t_rho2 * math.log(math.sqrt(t_rho2 + 1) / 0.05))
    assert always_valid_factor(1000, planned_units=1000) == pytest.approx(expected, **EXACT)


def simulate_looks(seed: int, *, looks: int, step: int) -> tuple[bool, bool]:
    """An A/A test looked at `looks` times: whether a fixed and an always-valid interval ever left out 0."""
    (c_y, c_n), (t_y, t_n) = (busy_customers(2 * seed + arm, looks * step) for arm in (0, 1))
    fixed = always = False
    for look in range(1, looks + 1):
        upto = look * step
        found = compare(
            Moments.of(c_y[:upto], c_n[:upto]),
            Moments.of(t_y[:upto], t_n[:upto]),
            share=True,
            planned_units=looks * step,
        )
        fixed |= not found.difference.low <= 0 <= found.difference.high
        always |= not found.always_low <= 0 <= found.always_high
    return fixed, always


def test_repeated_looks_break_a_fixed_interval_but_not_an_always_valid_one():
    fixed, always = np.mean([simulate_looks(seed, looks=20, step=300) for seed in range(300)], axis=0)
    assert fixed > 0.12
    assert always <= 0.05


# A/A tests: no difference, so 95 % of the intervals have to hold 0


def coverage(make, *, share: bool, runs: int = 1500) -> float:
    inside = 0
    for seed in range(runs):
        control, treatment = make(2 * seed), make(2 * seed + 1)
        found = compare(Moments.of(*control), Moments.of(*treatment), share=share, planned_units=1000)
        inside += found.difference.low <= 0 <= found.difference.high
    return inside / runs


def test_a_a_intervals_of_a_share_cover_at_95_percent():
    assert coverage(lambda seed: busy_customers(seed, 1000), share=True) == pytest.approx(0.95, abs=0.015)


def test_a_a_intervals_of_money_cover_at_95_percent():
    def losses(seed):
        draw = np.random.default_rng(10_000 + seed)
        n = 1 + draw.geometric(0.25, 4000)
        return draw.binomial(n, 0.02) * draw.lognormal(8, 0.8, 4000), n

    assert coverage(losses, share=False, runs=800) == pytest.approx(0.95, abs=0.02)


def test_a_a_intervals_of_rare_events_cover_at_least_95_percent():
    found = coverage(lambda seed: busy_customers(seed, 150, rate=0.005), share=True, runs=600)
    assert found >= 0.95


# Properties

counts = st.lists(
    st.integers(1, 9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=2, max_size=60
)


@given(counts, counts)
def test_swapping_the_arms_reverses_the_sign_of_the_difference(control, treatment):
    arms = [Moments.of(*zip(*pairs, strict=True)) for pairs in (control, treatment)]
    there = compare(arms[0], arms[1], share=True, planned_units=100)
    back = compare(arms[1], arms[0], share=True, planned_units=100)
    assert there.difference.value == pytest.approx(-back.difference.value)
    assert there.difference.low == pytest.approx(-back.difference.high, abs=1e-9)
    assert there.p_value == pytest.approx(back.p_value)
    assert 0 <= there.p_value <= 1 + 1e-12


@given(counts)
def test_the_interval_of_a_share_contains_it_and_stays_between_0_and_1(pairs):
    found = estimate(Moments.of(*zip(*pairs, strict=True)), share=True)
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1


@given(counts, st.integers(2, 5))
def test_the_variance_shrinks_with_the_number_of_customers(pairs, copies):
    y, n = (np.array(column) for column in zip(*pairs, strict=True))
    once, often = Moments.of(y, n), Moments.of(np.tile(y, copies), np.tile(n, copies))
    units = len(n)
    expected = ratio_variance(once) * (units - 1) / (units * copies - 1)
    assert ratio_variance(often) == pytest.approx(expected, abs=1e-12)


@given(st.integers(1, 10**7))
def test_an_always_valid_interval_is_wider_than_a_fixed_one(units):
    assert always_valid_factor(units, planned_units=10_000) > 1.96
