import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from scoring.learning.metrics.ranking import ndcg_at_daily_capacity

SIX = np.array([3.0, 2.0, 3.0, 0.0, 1.0, 2.0])  # the gains of a published example, in the order given
FALLING = np.arange(6, 0, -1.0)


def test_the_published_example_of_six_documents():
    """DCG 6.861 of 7.141 for the best order (Wikipedia, "Discounted cumulative gain")."""
    found = ndcg_at_daily_capacity(SIX, FALLING, np.zeros(6), 6)
    assert found == pytest.approx(6.861 / 7.141, abs=2e-4)


@pytest.mark.parametrize("capacity", [1, 5, 40, 500])
def test_each_day_agrees_with_scikit_learn(capacity):
    rng = np.random.default_rng(3)
    gain, score, day = rng.integers(0, 4, 300) * 1.5, rng.permutation(300) / 300, rng.integers(0, 4, 300)
    days = [ndcg_score(gain[None, day == d], score[None, day == d], k=capacity) for d in range(4)]
    assert ndcg_at_daily_capacity(gain, score, day, capacity) == pytest.approx(np.mean(days))


def test_days_without_gain_are_left_out():
    day = np.array([0, 0, 1])
    assert ndcg_at_daily_capacity(np.array([1, 0, 0]), np.array([0.9, 0.1, 1.0]), day, 2) == 1.0
    assert np.isnan(ndcg_at_daily_capacity(np.zeros(3), np.ones(3), day, 2))
    assert np.isnan(ndcg_at_daily_capacity(np.zeros(0), np.ones(0), np.zeros(0), 2))


def test_a_row_of_weight_w_takes_w_places():
    rng = np.random.default_rng(4)
    gain, score, day = rng.integers(0, 2, 90), rng.permutation(90), rng.integers(0, 3, 90)
    weights = rng.integers(1, 5, 90)
    often = np.repeat(np.arange(90), weights)
    assert ndcg_at_daily_capacity(gain, score, day, 20, weights) == pytest.approx(
        ndcg_at_daily_capacity(gain[often], score[often], day[often], 20)
    )
