import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from scoring.learning.evaluation import metrics

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=2, max_size=80).filter(
    lambda rows: len({label for label, _ in rows}) == 2
)


def arrays(rows):
    return np.array([r[0] for r in rows], dtype=int), np.array([r[1] for r in rows]) / 12.0


@given(ROWS)
def test_roc_auc_and_average_precision_equal_scikit_learn_with_ties(rows):
    y, score = arrays(rows)
    assert metrics.roc_auc(y, score) == pytest.approx(sk.roc_auc_score(y, score), abs=1e-12)
    assert metrics.average_precision(y, score) == pytest.approx(
        sk.average_precision_score(y, score), abs=1e-12
    )


@given(ROWS, st.integers(0, 10_000))
def test_weighted_average_precision_counts_a_row_as_often_as_its_weight(rows, seed):
    y, score = arrays(rows)
    weight = np.random.default_rng(seed).integers(0, 4, len(y))
    if (weight * y).sum() == 0:
        assert np.isnan(metrics.average_precision(y, score, weight))
        return
    repeated = sk.average_precision_score(np.repeat(y, weight), np.repeat(score, weight))
    assert metrics.average_precision(y, score, weight) == pytest.approx(repeated, abs=1e-12)


@given(ROWS, st.sampled_from([0.0, 0.01, 0.1, 0.5, 1.0]))
def test_recall_at_a_false_positive_rate_is_the_best_point_of_the_roc_curve_within_it(rows, rate):
    y, score = arrays(rows)
    false_rate, recall, _ = sk.roc_curve(y, score, drop_intermediate=False)
    best = recall[false_rate <= rate + 1e-12].max()
    assert metrics.recall_at_false_positive_rate(y, score, rate) == pytest.approx(best)


@given(ROWS)
def test_brier_score_equals_scikit_learn(rows):
    y, score = arrays(rows)
    assert metrics.brier_score(y, score) == pytest.approx(sk.brier_score_loss(y, score))


def test_precision_at_daily_capacity_pools_the_top_of_each_day():
    day = np.array([1, 1, 1, 2, 2, 3])
    score = np.array([0.9, 0.8, 0.1, 0.2, 0.3, 0.5])
    y = np.array([1, 0, 1, 1, 0, 0])
    # top 2 of day 1: 1, 0; of day 2: 0, 1; day 3 has one row: 0
    assert metrics.precision_at_daily_capacity(y, score, day, 2) == pytest.approx(2 / 5)
    assert metrics.precision_at_daily_capacity(y, score, day, 1) == pytest.approx(1 / 3)


def test_calibration_error_of_a_hand_example():
    y = np.array([0, 1, 1, 1])
    probability = np.array([0.1, 0.1, 0.9, 0.9])
    # low bin: observed 0.5, said 0.1; high bin: observed 1, said 0.9; half of the rows each
    assert metrics.expected_calibration_error(y, probability, bins=2) == pytest.approx(0.5 * 0.4 + 0.5 * 0.1)


def test_precision_and_recall_at_a_threshold_include_scores_equal_to_it():
    precision, recall = metrics.precision_and_recall_at(
        np.array([1, 0, 1, 0]), np.array([0.5, 0.5, 0.2, 0.1]), 0.5
    )
    assert (precision, recall) == (0.5, 0.5)


def test_one_class_alone_has_no_ranking_metrics():
    assert np.isnan(metrics.roc_auc(np.zeros(3), np.arange(3.0)))
    assert np.isnan(metrics.average_precision(np.zeros(3), np.arange(3.0)))
    assert np.isnan(metrics.recall_at_false_positive_rate(np.zeros(3), np.arange(3.0)))
    assert np.isnan(metrics.recall_at_false_positive_rate(np.ones(3), np.arange(3.0)))


def test_no_events_have_no_ranking_metrics_and_are_no_error():
    nothing = np.array([])
    for metric in (metrics.roc_auc, metrics.average_precision, metrics.recall_at_false_positive_rate):
        assert np.isnan(metric(nothing, nothing))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_the_interval_of_a_clearly_better_score_excludes_zero_and_repeats_with_its_seed(seed):
    rng = np.random.default_rng(seed)
    y = (rng.random(800) < 0.2).astype(int)
    good, poor = y + rng.normal(0, 0.3, 800), rng.normal(0, 1, 800)
    interval = metrics.bootstrap_average_precision_difference(y=y, first=good, second=poor, seed=seed)
    assert 0 < interval.low < interval.estimate < interval.high
    again = metrics.bootstrap_average_precision_difference(y=y, first=good, second=poor, seed=seed)
    assert interval == again


def test_drawing_whole_groups_widens_the_interval_when_rows_of_a_group_agree():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(40), 25)
    y = np.repeat(rng.random(40) < 0.3, 25).astype(int)
    first = np.repeat(rng.normal(0, 1, 40), 25) + y
    second = rng.normal(0, 1, 1000)
    rows = metrics.bootstrap_average_precision_difference(y=y, first=first, second=second)
    whole = metrics.bootstrap_average_precision_difference(y=y, first=first, second=second, groups=groups)
    assert whole.high - whole.low > 1.5 * (rows.high - rows.low)


def test_scores_of_exactly_0_and_1_have_a_bin_and_reach_thresholds():
    y, score = np.array([1, 1, 0, 0]), np.array([1.0, 1.0, 1.0, 0.0])
    assert metrics.expected_calibration_error(y, score) == pytest.approx(0.25)
    assert metrics.precision_and_recall_at(y, score, 1.0) == pytest.approx((2 / 3, 1.0))
    assert metrics.recall_at_false_positive_rate(y, score, 0.5) == 1.0


def test_a_score_of_exactly_1_is_in_the_last_bin_together_with_those_just_below():
    y, probability = np.array([0, 1]), np.array([1.0, 0.94])
    together = abs(0.5 - 0.97)
    assert metrics.expected_calibration_error(y, probability) == pytest.approx(together)


def test_two_models_that_say_the_same_differ_by_nothing_whatever_is_drawn():
    """Both are measured on the same resample: what the draw does to one, it does to the other."""
    rng = np.random.default_rng(2)
    y, score = (rng.random(400) < 0.2).astype(int), rng.normal(0, 1, 400)
    interval = metrics.bootstrap_average_precision_difference(y=y, first=score, second=3 * score + 1)
    assert (interval.estimate, interval.low, interval.high) == (0, 0, 0)


def test_a_small_but_certain_gain_is_told_from_chance_because_resamples_are_shared():
    rng = np.random.default_rng(5)
    y = (rng.random(2_000) < 0.1).astype(int)
    old = y + rng.normal(0, 1, 2_000)
    new = old + 0.3 * y
    interval = metrics.bootstrap_average_precision_difference(y=y, first=new, second=old)
    assert 0 < interval.low < interval.estimate < interval.high


def test_a_bootstrap_draws_from_every_group_as_often_as_from_any_other():
    rng = np.random.default_rng(6)
    y = (rng.random(300) < 0.3).astype(int)
    first, second = y + rng.normal(0, 1, 300), rng.normal(0, 1, 300)
    alone = metrics.bootstrap_average_precision_difference(y=y, first=first, second=second, seed=9)
    own = np.arange(300) + 7_000  # a group for each row is no group at all
    assert (
        metrics.bootstrap_average_precision_difference(y=y, first=first, second=second, seed=9, groups=own)
        == alone
    )


def test_each_figure_of_a_version_is_that_of_its_name():
    rng = np.random.default_rng(11)
    y = (rng.random(500) < 0.2).astype(int)
    score, day = np.clip(0.3 * y + rng.random(500) * 0.6, 0, 1), np.arange(500) // 100
    assert metrics.all_metrics(y=y, score=score, day=day, daily_capacity=10) == {
        "rows": 500,
        "positives": y.sum(),
        "base_rate": pytest.approx(y.mean()),
        "roc_auc": metrics.roc_auc(y, score),
        "average_precision": metrics.average_precision(y, score),
        "precision_at_10_a_day": metrics.precision_at_daily_capacity(y, score, day, 10),
        "recall_at_1pct_false_positives": metrics.recall_at_false_positive_rate(y, score),
        "brier": metrics.brier_score(y, score),
        "calibration_error": metrics.expected_calibration_error(y, score),
    }
    assert metrics.expected_calibration_error(y, score) != metrics.expected_calibration_error(score, y)


def test_the_interval_holds_the_middle_of_the_differences_on_resampled_rows():
    """As told from the outside: weights drawn in turn, both scores judged by the same ones."""
    rng = np.random.default_rng(8)
    y = (rng.random(120) < 0.4).astype(int)
    first, second = y + rng.normal(0, 1, 120), y + rng.normal(0, 2, 120)
    told: list[int] = []
    judged = {"y": y, "first": first, "second": second, "samples": 40, "seed": 3, "progress": told.append}
    interval = metrics.bootstrap_average_precision_difference(**judged)
    draws = np.random.default_rng(3)
    weights = [np.bincount(draws.integers(0, 120, 120), minlength=120) for _ in range(40)]
    ours, others = (
        [sk.average_precision_score(y, score, sample_weight=weight) for weight in weights]
        for score in (first, second)
    )
    low, high = np.quantile(np.subtract(ours, others), [0.025, 0.975])
    assert (interval.low, interval.high) == pytest.approx((low, high))
    assert interval.estimate == pytest.approx(
        sk.average_precision_score(y, first) - sk.average_precision_score(y, second)
    )
    assert (interval.level, interval.samples, told) == (0.95, 40, [1] * 40)


def test_without_a_word_a_hundred_a_day_are_looked_at():
    y, score = np.array([1] * 100 + [0] * 100), np.linspace(1, 0, 200)
    assert metrics.precision_at_daily_capacity(y, score, np.zeros(200)) == 1.0
    assert metrics.precision_at_daily_capacity(y, score, np.zeros(200), 101) == pytest.approx(100 / 101)
    assert "precision_at_100_a_day" in metrics.all_metrics(y=y, score=score, day=np.zeros(200))


@pytest.mark.parametrize(("probability", "y"), [([0.03, 0.1], [1, 0]), ([0.97, 0.9], [0, 1])])
def test_the_bins_at_either_end_are_as_wide_as_the_others(probability, y):
    """Each error stands in a bin of its own; together they would cancel out in part."""
    apart = (0.97 + 0.1) / 2
    assert metrics.expected_calibration_error(np.array(y), np.array(probability)) == pytest.approx(apart)
