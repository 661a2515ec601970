import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import calibration as sk_calibration
from sklearn import metrics as sk_metrics

from scoring.learning.metrics.curves import (
    MAX_POINTS,
    calibration_curve,
    describe_curves,
    precision_recall_curve,
    roc_curve,
)
from scoring.learning.metrics.quality import expected_calibration_error


def scores(seed, rows=4_000, *, rate=0.05, digits=None):
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < rate).astype(int)
    score = 1 / (1 + np.exp(-(3 * y - 3 + rng.normal(0, 1, rows))))
    return y, score if digits is None else np.round(score, digits)


def as_set(points):
    return {tuple(np.round(point, 9)) for point in points}


@given(st.integers(0, 500), st.sampled_from([None, 2, 1]))
def test_a_thinned_roc_curve_keeps_points_of_the_full_curve_and_both_ends(seed, digits):
    y, score = scores(seed, 600, rate=0.2, digits=digits)
    ours = roc_curve(y, score)
    fpr, tpr, _ = sk_metrics.roc_curve(y, score, drop_intermediate=False)
    assert as_set(ours) <= as_set(zip(fpr, tpr, strict=True))
    assert (ours[0], ours[-1]) == ([0.0, 0.0], [1.0, 1.0])


@given(st.integers(0, 500), st.sampled_from([None, 2, 1]))
def test_a_thinned_precision_recall_curve_keeps_points_of_the_full_curve(seed, digits):
    y, score = scores(seed, 600, rate=0.2, digits=digits)
    precision, recall, _ = sk_metrics.precision_recall_curve(y, score)
    assert as_set(precision_recall_curve(y, score)) <= as_set(zip(recall, precision, strict=True))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_thinned_curves_keep_their_area(seed):
    y, score = scores(seed)
    curve = np.array(roc_curve(y, score))
    assert len(curve) <= MAX_POINTS
    assert np.trapezoid(curve[:, 1], curve[:, 0]) == pytest.approx(
        sk_metrics.roc_auc_score(y, score), abs=0.003
    )
    pr = np.array(precision_recall_curve(y, score))
    assert len(pr) <= MAX_POINTS
    assert np.sum(np.diff(pr[:, 0], prepend=0.0) * pr[:, 1]) == pytest.approx(
        sk_metrics.average_precision_score(y, score), abs=0.02
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_calibration_curve_is_scikit_learns_with_equal_widths(seed):
    y, score = scores(seed)
    ours = calibration_curve(y, score)
    observed, predicted = sk_calibration.calibration_curve(y, score, n_bins=15, strategy="uniform")
    np.testing.assert_allclose([point[:2] for point in ours], np.column_stack([predicted, observed]))
    assert sum(rows for *_, rows in ours) == len(y)
    error = sum(rows * abs(predicted - observed) for predicted, observed, rows in ours) / len(y)
    assert error == pytest.approx(expected_calibration_error(y, score))


def test_one_class_alone_has_no_roc_and_no_precision_recall_curve():
    score = np.linspace(0, 1, 10)
    assert roc_curve(np.zeros(10), score) == precision_recall_curve(np.zeros(10), score) == []
    assert describe_curves(np.ones(10), score)["roc"] == []


def test_a_score_of_exactly_1_is_drawn_in_the_last_bin_with_those_just_below():
    assert calibration_curve(np.array([0, 1]), np.array([1.0, 0.94])) == [[0.97, 0.5, 2]]


def test_a_single_event_of_either_class_is_enough_for_a_curve():
    assert roc_curve(np.array([1, 1, 0]), np.array([0.9, 0.8, 0.1])) == [[0, 0], [0, 0.5], [0, 1], [1, 1]]
    assert roc_curve(np.array([0, 0, 1]), np.array([0.9, 0.8, 0.1])) == [[0, 0], [0.5, 0], [1, 0], [1, 1]]
    assert precision_recall_curve(np.array([0, 1]), np.array([0.9, 0.1])) == [[0, 0], [1, 0.5]]


def test_without_events_there_is_no_curve():
    nothing = np.array([])
    assert roc_curve(nothing, nothing) == precision_recall_curve(nothing, nothing) == []
    assert calibration_curve(nothing, nothing) == []


def test_every_curve_is_stored_under_its_own_name():
    y, score = scores(5, 300)
    assert describe_curves(y, score) == {
        "roc": roc_curve(y, score),
        "pr": precision_recall_curve(y, score),
        "calibration": calibration_curve(y, score),
    }


def test_a_curve_with_few_enough_points_keeps_them_all():
    """However close they are: one negative far from all others accounts for half of the line."""
    y = np.ones(MAX_POINTS - 1)
    y[-1] = 0
    assert len(roc_curve(y, np.linspace(1, 0, len(y)))) == MAX_POINTS


def test_a_row_of_weight_3_bends_the_curves_like_three_rows():
    rng = np.random.default_rng(6)
    y, score = (rng.random(60) < 0.4).astype(int), rng.random(60)
    weights = rng.integers(1, 5, 60)
    often = np.repeat(np.arange(60), weights)
    weighted, repeated = describe_curves(y, score, weights), describe_curves(y[often], score[often])
    for name in ("roc", "pr"):
        np.testing.assert_allclose(weighted[name], repeated[name])
    points = [point[:2] for point in weighted["calibration"]]
    np.testing.assert_allclose(points, [point[:2] for point in repeated["calibration"]])
    assert sum(point[2] for point in weighted["calibration"]) == 60  # rows, which say how sure a point is
