import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from scoring.learning.metrics import quality as metrics
from scoring.learning.metrics.ranking import ndcg_at_daily_capacity

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=2, max_size=80).filter(
    lambda rows: len({label for label, _ in rows}) == 2
)


def arrays(rows):
    return np.array([r[0] for r in rows], dtype=int), np.array([r[1] for r in rows]) / 12.0


@given(ROWS, st.sampled_from([0.0, 0.01, 0.1, 0.5, 1.0]))
def test_recall_at_a_false_positive_rate_is_the_best_point_of_the_roc_curve_within_it(rows, rate):
    y, score = arrays(rows)
    false_rate, recall, _ = sk.roc_curve(y, score, drop_intermediate=False)
    best = recall[false_rate <= rate + 1e-12].max()
    assert metrics.recall_at_false_positive_rate(y, score, rate) == pytest.approx(best)


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
    # low bin: observed 0.5, predicted 0.1; high bin: observed 1, predicted 0.9; half of the rows each
    assert metrics.expected_calibration_error(y, probability, bins=2) == pytest.approx(0.5 * 0.4 + 0.5 * 0.1)


def test_precision_and_recall_at_a_threshold_include_scores_equal_to_it():
    precision, recall = metrics.precision_and_recall_at(
        np.array([1, 0, 1, 0]), np.array([0.5, 0.5, 0.2, 0.1]), 0.5
    )
    assert (precision, recall) == (0.5, 0.5)


@given(ROWS, st.floats(0, 1))
def test_f1_agrees_with_scikit_learn_at_a_threshold_and_at_the_best_one(rows, threshold):
    y, score = arrays(rows)
    assert metrics.f1_at(y, score, threshold) == pytest.approx(
        sk.f1_score(y, score >= threshold, zero_division=0)
    )
    best = max(sk.f1_score(y, score >= each) for each in np.unique(score))
    assert metrics.best_f1(y, score) == pytest.approx(best)


def test_f1_needs_positives():
    assert np.isnan(metrics.f1_at(np.zeros(2), np.ones(2), 0.5))
    assert np.isnan(metrics.best_f1(np.zeros(2), np.ones(2)))


def test_one_class_alone_has_a_brier_score_but_no_ranking_metrics():
    assert metrics.brier_score(np.zeros(2), np.array([0.0, 0.5])) == pytest.approx(0.125)
    assert metrics.brier_score(np.ones(2), np.array([1.0, 0.5])) == pytest.approx(0.125)
    assert np.isnan(metrics.roc_auc(np.ones(3), np.arange(3.0)))
    assert np.isnan(metrics.roc_auc(np.zeros(3), np.arange(3.0)))
    assert np.isnan(metrics.average_precision(np.zeros(3), np.arange(3.0)))
    assert np.isnan(metrics.recall_at_false_positive_rate(np.zeros(3), np.arange(3.0)))
    assert np.isnan(metrics.recall_at_false_positive_rate(np.ones(3), np.arange(3.0)))


def test_without_events_ranking_metrics_are_nan_rather_than_an_error():
    nothing = np.array([])
    for metric in (metrics.roc_auc, metrics.average_precision, metrics.recall_at_false_positive_rate):
        assert np.isnan(metric(nothing, nothing))


def test_scores_of_exactly_0_and_1_have_a_bin_and_reach_thresholds():
    y, score = np.array([1, 1, 0, 0]), np.array([1.0, 1.0, 1.0, 0.0])
    assert metrics.expected_calibration_error(y, score) == pytest.approx(0.25)
    assert metrics.precision_and_recall_at(y, score, 1.0) == pytest.approx((2 / 3, 1.0))
    assert metrics.recall_at_false_positive_rate(y, score, 0.5) == 1.0


def test_a_score_of_exactly_1_shares_the_last_bin_with_those_just_below():
    y, probability = np.array([0, 1]), np.array([1.0, 0.94])
    together = abs(0.5 - 0.97)
    assert metrics.expected_calibration_error(y, probability) == pytest.approx(together)


def test_every_metric_is_stored_under_its_own_name():
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
        "ndcg_at_10_a_day": ndcg_at_daily_capacity(y, score, day, 10),
        "best_f1": metrics.best_f1(y, score),
        "recall_at_0.1pct_false_positives": metrics.recall_at_false_positive_rate(y, score, 0.001),
        "recall_at_1pct_false_positives": metrics.recall_at_false_positive_rate(y, score),
        "brier": metrics.brier_score(y, score),
        "calibration_error": metrics.expected_calibration_error(y, score),
    }
    assert metrics.expected_calibration_error(y, score) != metrics.expected_calibration_error(score, y)


def test_the_default_daily_capacity_is_100():
    y, score = np.array([1] * 100 + [0] * 100), np.linspace(1, 0, 200)
    assert metrics.precision_at_daily_capacity(y, score, np.zeros(200)) == 1.0
    assert metrics.precision_at_daily_capacity(y, score, np.zeros(200), 101) == pytest.approx(100 / 101)
    assert "precision_at_100_a_day" in metrics.all_metrics(y=y, score=score, day=np.zeros(200))


@pytest.mark.parametrize(("probability", "y"), [([0.03, 0.1], [1, 0]), ([0.97, 0.9], [0, 1])])
def test_the_bins_at_either_end_are_as_wide_as_the_others(probability, y):
    """Each error is in its own bin; in one bin they would partly cancel out."""
    apart = (0.97 + 0.1) / 2
    assert metrics.expected_calibration_error(np.array(y), np.array(probability)) == pytest.approx(apart)


def test_a_row_of_weight_3_counts_like_three_rows():
    rng = np.random.default_rng(5)
    y = (rng.random(400) < 0.3).astype(int)
    score, day = np.clip(0.3 * y + rng.random(400) * 0.6, 0, 1), np.arange(400) // 80
    weights = rng.integers(1, 6, 400)
    often = np.repeat(np.arange(400), weights)
    weighted = metrics.all_metrics(y=y, score=score, day=day, daily_capacity=25, weights=weights)
    repeated = metrics.all_metrics(y=y[often], score=score[often], day=day[often], daily_capacity=25)
    assert (weighted.pop("rows"), weighted.pop("positives")) == (400, y.sum())
    assert weighted == pytest.approx({name: repeated[name] for name in weighted})
    assert metrics.precision_and_recall_at(y, score, 0.4, weights) == pytest.approx(
        metrics.precision_and_recall_at(y[often], score[often], 0.4)
    )


def test_weights_of_one_change_nothing():
    y, score, day = np.array([1, 0, 1, 0, 0]), np.array([0.9, 0.8, 0.3, 0.3, 0.1]), np.arange(5) // 2
    plain = metrics.all_metrics(y=y, score=score, day=day, daily_capacity=1)
    assert metrics.all_metrics(y=y, score=score, day=day, daily_capacity=1, weights=np.ones(5)) == plain
