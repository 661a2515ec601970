"""Metrics on resamples equal those of the same rows repeated, and every difference has an interval."""

import numpy as np
import pytest

from scoring.learning.metrics.entities import entity_metrics
from scoring.learning.metrics.paired import JudgedRows, ScoredModel, bootstrap_differences
from scoring.learning.metrics.quality import all_metrics, f1_at, precision_and_recall_at
from scoring.learning.metrics.resampling import bootstrap_average_precision_difference

THRESHOLDS = {"review": 0.3, "block": 0.7}
NOT_RESAMPLED = {"rows", "positives", "base_rate"}


def judged(seed: int = 0, *, rows: int = 3_000, weighted: bool = False) -> tuple[JudgedRows, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < 0.08).astype(np.int8)
    score = np.round(np.clip(0.25 * y + rng.beta(1, 4, rows), 0, 0.999), 3)  # with ties
    entity, day = rng.integers(0, 250, rows), rng.integers(0, 9, rows)
    weights = np.where(rng.random(rows) < 0.1, 5.0, 1.0) if weighted else None
    return JudgedRows(y, day, entity, weights, rng.random(rows) < 0.01), score


@pytest.mark.parametrize("weighted", [False, True])
def test_without_a_resample_they_are_the_stored_metrics(weighted):
    rows, score = judged(weighted=weighted)
    expected = all_metrics(y=rows.y, score=score, day=rows.day, weights=rows.weights)
    expected |= entity_metrics(
        rows.y, score, day=rows.day, entity=rows.entity, known_before=rows.known_before
    )
    for name, threshold in THRESHOLDS.items():
        precision, recall = precision_and_recall_at(rows.y, score, threshold, rows.weights)
        expected |= {f"precision_at_{name}": precision, f"recall_at_{name}": recall}
        expected[f"f1_at_{name}"] = f1_at(rows.y, score, threshold, rows.weights)
    found = ScoredModel.of(rows, score, THRESHOLDS).metrics()
    assert found == pytest.approx({k: v for k, v in expected.items() if k not in NOT_RESAMPLED})


def test_a_resample_is_the_metrics_of_the_repeated_rows():
    rows, score = judged(1)
    drawn = np.random.default_rng(2).integers(0, 3, 250)[rows.entity]
    again = np.repeat(np.arange(len(score)), drawn)
    repeated = all_metrics(y=rows.y[again], score=score[again], day=rows.day[again])
    found = ScoredModel.of(rows, score, {}).metrics(drawn)
    for name in repeated.keys() - NOT_RESAMPLED - {"precision_at_100_a_day"}:
        assert found[name] == pytest.approx(repeated[name]), name


def test_an_entity_that_was_drawn_twice_takes_two_places():
    y, score = np.array([1, 0, 1]), np.array([0.9, 0.8, 0.7])
    rows = JudgedRows(y, np.zeros(3, dtype=int), np.arange(3))
    entities = ScoredModel.of(rows, score, {}).entities
    assert entities.found(capacity=2).precision == 0.5
    assert entities.found(capacity=2, copies=np.array([2.0, 1.0, 1.0])).precision == 1.0
    assert entities.found(capacity=2, copies=np.array([0.0, 2.0, 1.0])).precision == 0.0


def test_the_difference_in_average_precision_is_the_one_of_the_gate():
    rows, score = judged(3)
    other = np.random.default_rng(4).permutation(score)
    first, second = (ScoredModel.of(rows, each, THRESHOLDS) for each in (score, other))
    found = bootstrap_differences(first, second, entity=rows.entity, samples=40)
    assert found["average_precision"] == bootstrap_average_precision_difference(
        y=rows.y, first=score, second=other, groups=rows.entity, samples=40
    )
    assert found["roc_auc"].low > 0.1
    assert found["brier"].high < 0


def test_equal_models_do_not_differ_and_what_is_undefined_is_left_out():
    rows, score = judged(5)
    never = ScoredModel.of(rows, score, {"block": 2.0})
    found = bootstrap_differences(never, never, entity=rows.entity, samples=10)
    assert {(each.low, each.high) for each in found.values()} == {(0.0, 0.0)}
    assert "precision_at_block" not in found
    assert "recall_at_block" in found
