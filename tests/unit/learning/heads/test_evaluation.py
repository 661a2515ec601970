"""How good a head is: rates at thresholds with intervals, and the curve of all thresholds."""

import numpy as np
import pytest

from scoring.learning.heads.evaluation import rates_at, threshold_curve

Y = np.array([1, 0, 1, 1, 0, 0, 0, 0])
SCORE = np.array([0.9, 0.8, 0.7, 0.4, 0.4, 0.3, 0.2, 0.1])


def test_precision_recall_and_alarms_from_a_threshold_on() -> None:
    at = rates_at(Y, SCORE, 0.7, days=2.0)
    assert (at["precision"], at["recall"], at["alarms_a_day"]) == (2 / 3, 2 / 3, 1.5)
    low, high = at["precision_interval"]
    assert low < 2 / 3 < high


def test_a_threshold_that_nothing_reaches_has_no_precision() -> None:
    at = rates_at(Y, SCORE, 1.1, days=2.0)
    assert (at["precision"], at["recall"], at["alarms"]) == (None, 0.0, 0)


def test_the_curve_falls_and_tied_scores_enter_together() -> None:
    curve = threshold_curve(Y, SCORE, days=4.0)
    assert [point[0] for point in curve] == [0.9, 0.8, 0.7, 0.4, 0.3, 0.2, 0.1]
    at_tie = next(point for point in curve if point[0] == 0.4)
    assert at_tie[1:] == [1.0, 3 / 5, 5 / 4]


def test_a_long_curve_is_thinned_and_keeps_both_ends() -> None:
    rng = np.random.default_rng(1)
    y, score = rng.integers(0, 2, 5_000), rng.random(5_000)
    curve = threshold_curve(y, score, days=1.0)
    assert len(curve) == 100
    assert curve[0][0] == score.max()
    assert curve[-1] == [pytest.approx(score.min()), 1.0, pytest.approx(y.mean()), 5_000.0]
