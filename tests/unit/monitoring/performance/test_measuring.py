"""The metrics of known classes equal those of evaluations; of probabilities, NannyML's estimates."""

import numpy as np
import pytest

from monitoring.performance.losses import ScoredEvents, relative_loss
from monitoring.performance.measuring import Judged, calibration_bins, measure, metrics_of
from scoring.learning.metrics import quality
from scoring.learning.metrics.resampling import rank_scores


def judged(count: int = 3_000, *, seed: int = 3, rounded: bool = True) -> Judged:
    """Events with calibrated scores, some of them tied, and weights from 1 to 4."""
    rng = np.random.default_rng(seed)
    score = 1 / (1 + np.exp(-rng.normal(-2.5, 1.5, count)))
    score = np.round(score, 3) if rounded else score
    positive = (rng.random(count) < score).astype(np.float64)
    weight = rng.choice([1.0, 1.0, 2.0, 4.0], count)
    stake = rng.integers(100, 10_000, count).astype(np.float64)
    flags = {"review": score >= 0.2, "block": score >= 0.6}
    return Judged(score, positive, weight, stake, flags, score >= 0.2)


def values(events: Judged) -> dict[str, float]:
    return metrics_of(events, rank_scores(events.score), events.positive, events.weight)


def test_the_metrics_of_labels_are_those_of_evaluations() -> None:
    events = judged()
    found, known = values(events), (events.positive, events.score)
    assert found["average_precision"] == pytest.approx(quality.average_precision(*known, events.weight))
    assert found["roc_auc"] == pytest.approx(quality.roc_auc(*known, events.weight))
    assert found["brier"] == pytest.approx(quality.brier_score(*known, events.weight))
    error = quality.expected_calibration_error(*known, weights=events.weight)
    assert found["calibration_error"] == pytest.approx(error)
    for name, threshold in (("review", 0.2), ("block", 0.6)):
        at = quality.precision_and_recall_at(*known, threshold, events.weight)
        assert (found[f"precision_at_{name}"], found[f"recall_at_{name}"]) == pytest.approx(at)


def test_money_is_the_stake_of_fraud_that_was_allowed_and_of_that_which_was_not() -> None:
    ones = np.ones(3)
    score, positive, stopped = np.array([[0.9, 0.1, 0.5], [1, 1, 0], [1, 0, 0]])
    events = Judged(score, positive, 2 * ones, 100 * ones, {}, stopped > 0)
    assert (values(events)["fraud_loss"], values(events)["loss_avoided"]) == (200, 200)


def test_average_precision_at_another_share_of_positives_is_that_of_reweighted_events() -> None:
    live, promised = judged(seed=1), judged(seed=2)
    found = measure(live, odds=promised.odds)["average_precision"][0]
    scored = [ScoredEvents(each.score, each.positive > 0, each.weight) for each in (live, promised)]
    assert found == pytest.approx(relative_loss(*scored).live)


def test_the_estimates_are_those_of_nannyml() -> None:
    """NannyML 0.13.1, performance_estimation/confidence_based/metrics.py: `estimate_roc_auc`, `estimate_ap`,
    `estimate_precision` and `estimate_recall` on these probabilities, scores and predictions.
    """
    margin = np.random.default_rng(7).normal(-3, 1.5, 5_000)
    probability, score = 1 / (1 + np.exp(-margin)), 1 / (1 + np.exp(-(0.8 * margin - 0.2)))
    ones = np.ones(len(margin))
    found = values(Judged(score, probability, ones, ones, {"review": score >= 0.3}))
    assert found["roc_auc"] == pytest.approx(0.8313981679721916, abs=1e-7)
    assert found["average_precision"] == pytest.approx(0.39564854097903424, abs=1e-7)
    assert found["precision_at_review"] == pytest.approx(0.4627500103341395, abs=1e-12)
    assert found["recall_at_review"] == pytest.approx(0.34313635882977817, abs=1e-12)


def test_the_interval_of_an_estimate_contains_what_labels_show() -> None:
    """Over many weeks whose scores are right; the estimate itself varies less than the labels."""
    covered = 0
    for seed in range(30):
        week = judged(800, seed=seed, rounded=False)
        _, low, high = measure(week.with_classes(week.score))["average_precision"]
        covered += low <= values(week)["average_precision"] <= high
    assert covered >= 25  # 95 % nominally; fewer than 25 of 30 have a probability below 0.005


def test_a_metric_that_is_not_defined_is_left_out() -> None:
    events = judged(200)
    none = events.with_classes(np.zeros(200))
    assert measure(none).keys() == {
        *("brier", "calibration_error", "fraud_loss", "loss_avoided"),
        *("precision_at_review", "precision_at_block"),
    }
    assert measure(events.take(np.zeros(200, dtype=bool))) == {}


def test_bins_of_calibration_count_as_many_events_as_their_weights_tell() -> None:
    ones = np.ones(4)
    score, positive, weight = np.array([[0.01, 0.03, 0.03, 0.5], [0, 1, 0, 1], [1, 1, 2, 5]])
    events = Judged(score, positive, weight, ones)
    assert calibration_bins(events) == [
        pytest.approx([0.025, 0.25, 16 / 6]),
        pytest.approx([0.5, 1.0, 1.0]),
    ]
