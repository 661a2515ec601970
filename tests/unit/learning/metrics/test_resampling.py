import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from scoring.learning.metrics.resampling import bootstrap_average_precision_difference


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_the_interval_of_a_clearly_better_score_excludes_zero_and_repeats_with_its_seed(seed):
    rng = np.random.default_rng(seed)
    y = (rng.random(800) < 0.2).astype(int)
    good, poor = y + rng.normal(0, 0.3, 800), rng.normal(0, 1, 800)
    interval = bootstrap_average_precision_difference(y=y, first=good, second=poor, seed=seed)
    assert 0 < interval.low < interval.estimate < interval.high
    again = bootstrap_average_precision_difference(y=y, first=good, second=poor, seed=seed)
    assert interval == again


def test_drawing_whole_groups_widens_the_interval_when_rows_of_a_group_agree():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(40), 25)
    y = np.repeat(rng.random(40) < 0.3, 25).astype(int)
    first = np.repeat(rng.normal(0, 1, 40), 25) + y
    second = rng.normal(0, 1, 1000)
    rows = bootstrap_average_precision_difference(y=y, first=first, second=second)
    whole = bootstrap_average_precision_difference(y=y, first=first, second=second, groups=groups)
    assert whole.high - whole.low > 1.5 * (rows.high - rows.low)


def test_two_models_with_the_same_ranking_differ_by_exactly_nothing():
    """Both are measured on the same resample."""
    rng = np.random.default_rng(2)
    y, score = (rng.random(400) < 0.2).astype(int), rng.normal(0, 1, 400)
    interval = bootstrap_average_precision_difference(y=y, first=score, second=3 * score + 1)
    assert (interval.estimate, interval.low, interval.high) == (0, 0, 0)


def test_shared_resamples_reveal_a_small_but_consistent_gain():
    rng = np.random.default_rng(5)
    y = (rng.random(2_000) < 0.1).astype(int)
    old = y + rng.normal(0, 1, 2_000)
    new = old + 0.3 * y
    interval = bootstrap_average_precision_difference(y=y, first=new, second=old)
    assert 0 < interval.low < interval.estimate < interval.high


def test_groups_of_one_row_each_give_the_interval_of_single_rows():
    rng = np.random.default_rng(6)
    y = (rng.random(300) < 0.3).astype(int)
    first, second = y + rng.normal(0, 1, 300), rng.normal(0, 1, 300)
    alone = bootstrap_average_precision_difference(y=y, first=first, second=second, seed=9)
    own = np.arange(300) + 7_000
    assert (
        bootstrap_average_precision_difference(y=y, first=first, second=second, seed=9, groups=own) == alone
    )


def test_the_interval_is_that_of_scikit_learns_average_precision_on_the_same_resamples():
    rng = np.random.default_rng(8)
    y = (rng.random(120) < 0.4).astype(int)
    first, second = y + rng.normal(0, 1, 120), y + rng.normal(0, 2, 120)
    reported: list[int] = []
    judged = {"y": y, "first": first, "second": second, "samples": 40, "seed": 3, "progress": reported.append}
    interval = bootstrap_average_precision_difference(**judged)
    draws = np.random.default_rng(3)
    weights = [np.bincount(draws.integers(0, 120, 120), minlength=120) for _ in range(40)]
    ours, others = (
        [average_precision_score(y, score, sample_weight=weight) for weight in weights]
        for score in (first, second)
    )
    low, high = np.quantile(np.subtract(ours, others), [0.025, 0.975])
    assert (interval.low, interval.high) == pytest.approx((low, high))
    assert interval.estimate == pytest.approx(
        average_precision_score(y, first) - average_precision_score(y, second)
    )
    assert (interval.level, interval.samples, reported) == (0.95, 40, [1] * 40)


def test_tied_scores_enter_a_resample_together():
    rng = np.random.default_rng(4)
    y, score = (rng.random(200) < 0.3).astype(int), rng.integers(0, 5, 200) / 4
    interval = bootstrap_average_precision_difference(y=y, first=score, second=np.zeros(200), samples=2)
    assert interval.estimate == pytest.approx(average_precision_score(y, score) - y.mean(), abs=1e-12)


def test_the_difference_is_weighted_like_the_metric():
    rng = np.random.default_rng(3)
    y, first, second = (rng.random(300) < 0.3).astype(int), rng.random(300), rng.random(300)
    weights = rng.integers(1, 30, 300)
    interval = bootstrap_average_precision_difference(
        y=y, first=first, second=second, samples=20, weights=weights
    )
    gain = average_precision_score(y, first, sample_weight=weights)
    gain -= average_precision_score(y, second, sample_weight=weights)
    assert interval.estimate == pytest.approx(gain)
    assert interval.low < gain < interval.high
