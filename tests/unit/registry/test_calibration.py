import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from scoring.registry.calibration import fit_platt, sigmoid


def labels_for(log_odds, seed=0):
    return (np.random.default_rng(seed).random(len(log_odds)) < sigmoid(log_odds)).astype(int)


def test_platt_scaling_finds_how_far_margins_are_off():
    margin = np.random.default_rng(1).normal(-2, 2, 60_000)
    calibration = fit_platt(margin=margin, y=labels_for(0.7 * margin - 0.5))
    assert calibration.slope == pytest.approx(0.7, abs=0.05)
    assert calibration.intercept == pytest.approx(-0.5, abs=0.06)


def test_it_is_the_unpenalised_logistic_regression_but_for_the_smoothed_targets():
    margin = np.random.default_rng(2).normal(0, 1.5, 20_000)
    y = labels_for(1.3 * margin - 1)
    reference = LogisticRegression(C=np.inf, tol=1e-10).fit(margin[:, None], y)
    calibration = fit_platt(margin=margin, y=y)
    assert calibration.slope == pytest.approx(reference.coef_[0, 0], rel=2e-3)
    assert calibration.intercept == pytest.approx(reference.intercept_[0], abs=2e-3)


def test_perfectly_separated_margins_still_give_a_finite_slope():
    calibration = fit_platt(margin=np.array([-3.0, -2, -1, 1, 2, 3]), y=np.array([0, 0, 0, 1, 1, 1]))
    assert 0 < calibration.slope < 100


def test_margins_that_rank_backwards_keep_a_positive_slope_and_the_right_mean():
    margin = np.random.default_rng(3).normal(0, 1, 5_000)
    y = labels_for(-1.0 * margin - 1)
    calibration = fit_platt(margin=margin, y=y)
    assert calibration.slope == 1.0
    assert calibration.score(margin).mean() == pytest.approx(y.mean(), abs=0.01)


def test_sigmoid_neither_overflows_nor_loses_the_tails():
    assert sigmoid(np.array([-800.0, 0.0, 800.0])).tolist() == [0.0, 0.5, 1.0]
    assert sigmoid(np.array([-30.0]))[0] == pytest.approx(np.exp(-30.0), rel=1e-9)


def test_targets_are_smoothed_by_the_number_of_rows_of_their_class():
    """Of three frauds 4/5 are counted as fraud, of five others 1/7: two margins can meet both exactly."""
    calibration = fit_platt(margin=np.repeat([1.0, -1.0], [3, 5]), y=np.repeat([1, 0], [3, 5]))
    assert calibration.score([1.0, -1.0]) == pytest.approx([4 / 5, 1 / 7], abs=1e-5)


def test_margins_that_are_all_far_too_high_are_brought_down():
    margin = np.random.default_rng(4).normal(3, 2, 20_000)
    calibration = fit_platt(margin=margin, y=labels_for(0.7 * margin - 3))
    assert (calibration.slope, calibration.intercept) == pytest.approx((0.7, -3), abs=0.1)


@pytest.mark.parametrize("label", [0, 1])
def test_rows_of_one_class_alone_leave_log_odds_as_they_are(label):
    calibration = fit_platt(margin=np.linspace(-1.0, 3.0, 40), y=np.full(40, label))
    assert (calibration.slope, calibration.intercept) == (1.0, 0.0)


def test_a_row_of_weight_3_counts_like_three_rows():
    rng = np.random.default_rng(4)
    margin = rng.normal(0, 2, 400)
    y, weights = labels_for(0.7 * margin - 1)[:400], rng.integers(1, 5, 400)
    often = np.repeat(np.arange(400), weights)
    weighted, repeated = (
        fit_platt(margin=margin, y=y, weights=weights),
        fit_platt(margin=margin[often], y=y[often]),
    )
    assert (weighted.slope, weighted.intercept) == pytest.approx((repeated.slope, repeated.intercept))
    backwards = fit_platt(margin=-margin, y=y, weights=weights)  # only the intercept
    assert backwards.intercept == pytest.approx(fit_platt(margin=-margin[often], y=y[often]).intercept)
