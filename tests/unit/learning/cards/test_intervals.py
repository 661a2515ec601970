"""Intervals of stored metrics: against simulation, and none where the counts are missing."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from scoring.intervals import wilson_interval
from scoring.learning.cards.intervals import (
    auc_interval,
    auc_standard_error,
    average_precision_interval,
    metric_interval,
)

METRICS = {"rows": 1_000.0, "positives": 100.0, "recall_at_block": 0.4, "precision_at_block": 0.8}


def draws_of(metric, *, positives=60, negatives=600, samples=400):
    """A metric of scores drawn from two exponential distributions, again and again."""
    generator = np.random.default_rng(5)
    y = np.repeat([1, 0], [positives, negatives])
    scores = (
        np.concatenate([generator.exponential(4, positives), generator.exponential(1, negatives)])
        for _ in range(samples)
    )
    return np.array([metric(y, score) for score in scores])


def test_the_standard_error_of_the_auc_is_what_exponential_scores_show():
    drawn = draws_of(roc_auc_score)
    formula = auc_standard_error(drawn.mean(), positives=60, negatives=600)
    assert drawn.std() == pytest.approx(formula, rel=0.1)


def test_the_interval_of_average_precision_covers_the_mean():
    drawn = draws_of(average_precision_score)
    bounds = (average_precision_interval(value, positives=60) for value in drawn)
    assert np.mean([low <= drawn.mean() <= high for low, high in bounds]) > 0.93


def test_a_recall_is_a_share_of_positives_and_a_precision_of_alarms():
    assert metric_interval("recall_at_block", METRICS) == wilson_interval(40, 100)
    assert metric_interval("precision_at_block", METRICS) == pytest.approx(wilson_interval(40, 50))


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("brier", {"brier": 0.01}),  # no count tells its spread
        ("precision_at_block", {"recall_at_block": 0.0, "precision_at_block": None}),
        ("precision_at_block", {"recall_at_block": 0.0, "precision_at_block": 0.0}),
        ("recall_at_block", {"positives": 0.0}),
        ("average_precision", {"average_precision": 1.0}),
        ("roc_auc", {"roc_auc": 0.9, "rows": 100.0}),
        ("roc_auc", {}),
    ],
)
def test_there_is_no_interval_without_counts(key, changed):
    assert metric_interval(key, METRICS | changed) is None


def test_bounds_stay_within_0_and_1():
    low, high = auc_interval(0.99, positives=5, negatives=50)
    assert (low < 0.99, high) == (True, 1.0)


def test_stored_intervals_come_first_and_others_use_the_effective_numbers():
    stored = METRICS | {"intervals": {"recall_at_block": {"low": 0.2, "high": 0.7}}}
    assert metric_interval("recall_at_block", stored) == (0.2, 0.7)
    metrics = {"rows": 1_000.0, "positives": 100.0, "average_precision": 0.5}
    weighted = metrics | {"effective_events": 300.0, "effective_positives": 25.0}
    assert metric_interval("average_precision", weighted) == average_precision_interval(0.5, positives=25)
    assert metric_interval("average_precision", metrics) == average_precision_interval(0.5, positives=100)
