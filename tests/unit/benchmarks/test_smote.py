"""Synthetic positives lie between real neighbors; validation and calibration stay real."""

import numpy as np
import pytest

from benchmarks.smote import smote_contender, synthetic_positives
from scoring.learning.training.recipe import TrainingConfig
from scoring.progress import NO_PROGRESS
from tests.unit.learning.made_up import training_set


def test_each_lies_between_a_row_and_one_of_its_five_neighbors():
    X = np.arange(12, dtype=np.float32)[:, None] * np.array([1, 2], dtype=np.float32)
    made = synthetic_positives(X, 500, seed=1)
    assert made.shape == (500, 2)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made[:, 1], 2 * made[:, 0], rtol=1e-5)  # on the line between two rows
    assert len(np.unique(made[:, 0])) > 400
    far = np.concatenate([X, [[1_000, 2_000]]]).astype(np.float32)
    close = synthetic_positives(far, 500, seed=1)
    assert 0 < (close[:, 0] > 11).mean() < 0.2  # only from the far row itself, which is nobody's neighbor


def test_a_value_that_either_row_lacks_is_that_of_the_first():
    X = np.array([[0, np.nan], [1, 5]], dtype=np.float32)
    made = synthetic_positives(X, 200, seed=1)
    assert set(made[~np.isnan(made[:, 1]), 1].tolist()) == {5.0}
    assert np.isnan(made[:, 1]).any()


@pytest.mark.parametrize("rows", [1, 2, 6])
def test_few_positives_have_fewer_neighbors(rows):
    X = np.ones((rows, 3), dtype=np.float32)
    assert (synthetic_positives(X, 10, seed=1) == 1).all()


def test_the_contender_is_reproducible_and_ranks_later_events():
    data = training_set(rows=4_000)
    train, test = data.take(np.arange(3_200)), data.take(np.arange(3_200, 4_000))
    config = TrainingConfig(trees=10, threads=1)
    first, second = (smote_contender("SMOTE", config).learn(train, test, NO_PROGRESS).score for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first[test.y == 1].mean() > 2 * first[test.y == 0].mean()
    assert abs(first.mean() - test.y.mean()) < 0.05  # calibrated, although half of what it saw was positive
    assert train.X.shape == (3_200, 5)  # the set itself did not grow
