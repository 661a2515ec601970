"""Contributions are Shapley values: the numbers of the `shap` package, whichever code computes them here."""

import numpy as np
import pytest
import shap

from scoring.explain.prediction import load_booster, predict_contributions, predict_margin
from scoring.explain.treeshap import explainer_for
from scoring.learning.explanation.contributions import explain_sample
from scoring.learning.training.growing import grow
from scoring.learning.training.recipe import TrainingConfig
from tests.unit.learning.made_up import training_set


@pytest.mark.parametrize(("seed", "depth", "rate"), [(0, 3, 0.3), (1, 6, 0.02), (2, 8, 0.1)])
def test_contributions_equal_the_tree_explainer_and_add_up_to_the_margin(seed, depth, rate):
    data = training_set(rows=3_000, seed=seed, rate=rate)
    config = TrainingConfig(depth=depth, min_child_weight=1.0)
    booster, _ = grow(X=data.X, y=data.y, rounds=40, config=config)
    stored = load_booster(bytes(booster.save_raw("ubj")), threads=1)
    X = training_set(rows=200, seed=seed + 10).X
    ours = predict_contributions(stored, X)
    reference = shap.TreeExplainer(booster)
    np.testing.assert_allclose(ours[:, :-1], reference.shap_values(X), atol=1e-5)
    np.testing.assert_allclose(ours[:, -1], reference.expected_value, atol=1e-5)
    np.testing.assert_allclose(ours.sum(axis=1), predict_margin(stored, X), atol=1e-5)


def test_the_explanation_of_a_model_has_the_numbers_of_live_explanations():
    data = training_set(rows=3_000, seed=3, rate=0.2)
    booster, _ = grow(X=data.X, y=data.y, rounds=30, config=TrainingConfig(depth=5, min_child_weight=1.0))
    found = explain_sample(booster, data.X[:300], data.groups[:300])
    margins, ours = explainer_for(booster).explain(data.X[:300])
    np.testing.assert_allclose(found.contributions, ours[:, :-1], atol=1e-5)
    np.testing.assert_allclose(found.contributions.sum(axis=1) + ours[:, -1], margins, atol=1e-5)
    first, second = np.unravel_index(found.interactions.argmax(), found.interactions.shape)
    assert {data.feature_names[first], data.feature_names[second]} == {"left", "right"}  # as made up
