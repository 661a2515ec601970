"""In worlds of known truth: what blocking hides, exploration with weights gives back.

`benchmarks/selection_bias.py` runs 200 worlds; these are few.
"""

import numpy as np
import pytest

from benchmarks.selective_worlds import run_world

SEEDS = range(4)


@pytest.fixture(scope="module")
def results():
    return [run_world(seed) for seed in SEEDS]


def test_a_model_trained_anew_without_exploration_is_worse_and_with_weights_it_is_not(results):
    for result in results:
        quality = result.average_precision
        assert quality["hidden"] < quality["weighted"] - 0.02
        assert quality["weighted"] > quality["all"] - 0.05
    weighted, unweighted = (
        np.mean([result.average_precision[name] for result in results]) for name in ("weighted", "unweighted")
    )
    assert weighted > unweighted + 0.01


def test_weighted_intervals_cover_the_truth_and_unweighted_ones_miss_it(results):
    found = [each for result in results for each in result.coverage.values()]
    assert len(found) == 4 * len(SEEDS)
    assert np.mean([each.covered for each in found]) >= 0.8
    assert np.mean([each.covered_unweighted for each in found]) <= 0.4
