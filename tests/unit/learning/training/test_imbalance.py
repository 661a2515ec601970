"""Treatments of imbalance: formulas, and that a model's margins and scores stay those of all events."""

from dataclasses import replace

import numpy as np
import pytest

from scoring.explain.prediction import load_booster, predict_contributions, predict_margin
from scoring.explain.treeshap import explainer_for
from scoring.learning.training.fit import train_model
from scoring.learning.training.growing import grow
from scoring.learning.training.imbalance import (
    focal_base_score,
    focal_derivatives,
    focal_loss,
    sample_negatives,
    treat,
)
from scoring.learning.training.packing import pack_model
from scoring.learning.training.recipe import TREATMENTS, Imbalance, TrainingConfig
from tests.unit.learning.made_up import training_set

CONFIG = TrainingConfig(trees=60, depth=4, threads=1)
MARGINS = np.linspace(-9, 9, 37)


def with_treatment(name: str, **values: float) -> TrainingConfig:
    return replace(CONFIG, imbalance=Imbalance(name, **values))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
@pytest.mark.parametrize("label", [0, 1])
def test_the_derivatives_of_the_focal_loss_are_those_of_differences(label, gamma):
    y, step = np.full(len(MARGINS), label), 1e-4
    first, second = focal_derivatives(y, MARGINS, gamma)
    losses = [focal_loss(y, MARGINS + offset, gamma) for offset in (-step, 0, step)]
    np.testing.assert_allclose(first, (losses[2] - losses[0]) / (2 * step), atol=1e-7)
    slopes = [focal_derivatives(y, MARGINS + offset, gamma)[0] for offset in (-step, step)]
    np.testing.assert_allclose(second, (slopes[1] - slopes[0]) / (2 * step), atol=1e-7)


def test_without_focus_the_focal_loss_is_log_loss():
    p = 1 / (1 + np.exp(-MARGINS))
    first, second = focal_derivatives(np.ones(len(p)), MARGINS, 0.0)
    np.testing.assert_allclose(first, p - 1)
    np.testing.assert_allclose(second, p * (1 - p))


def test_the_focal_loss_of_sure_margins_is_finite():
    y = np.array([0, 1, 0, 1])
    found = focal_derivatives(y, np.array([1e3, -1e3, -1e3, 1e3]), 2.0)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[0], [1, -1, 0, 0])


@pytest.mark.parametrize("gamma", [0.5, 2.0, 5.0])
def test_a_focal_training_starts_where_its_loss_is_lowest(gamma):
    best, rate, y = focal_base_score(0.01, gamma), 0.01, np.array([1, 0])

    def mean_loss(p):
        return np.array([rate, 1 - rate]) @ focal_loss(y, np.full(2, np.log(p / (1 - p))), gamma)

    assert all(mean_loss(best) < mean_loss(best * factor) for factor in (0.9, 1.1))


def test_every_period_keeps_its_share_of_negatives_and_all_positives():
    y = (np.arange(10_000) % 100 == 7).astype(np.int8)
    rows = sample_negatives(y, per_positive=10, seed=3)
    assert (np.diff(rows) > 0).all()
    assert y[rows].sum() == y.sum() == 100
    assert len(rows) == 1_100
    per_tenth = np.histogram(rows, bins=10, range=(0, 10_000))[0]
    assert (abs(per_tenth - 110) <= 1).all()
    assert sample_negatives(y, per_positive=10, seed=3).tolist() == rows.tolist()
    assert sample_negatives(y, per_positive=10, seed=4).tolist() != rows.tolist()
    assert len(sample_negatives(y, per_positive=500, seed=3)) == 10_000


@pytest.mark.parametrize("treatment", ["class_weights", "down_sampling"])
def test_trees_start_from_the_log_odds_of_the_rows_they_see(treatment):
    y = (np.arange(10_000) % 100 == 7).astype(np.int8)
    weights = np.where(np.arange(10_000) % 3 == 0, 5.0, 1.0)
    rate = float(np.average(y, weights=weights))
    treated = treat(
        Imbalance(treatment, negatives_per_positive=10), y=y, weights=weights, base_rate=rate, seed=1
    )
    kept = slice(None) if treated.rows is None else treated.rows
    seen = np.average(y[kept], weights=treated.weights)
    assert treated.first_margin == pytest.approx(np.log(seen / (1 - seen)))
    if treatment == "down_sampling":
        beta = np.exp(-treated.shift)
        assert beta * seen / (beta * seen - seen + 1) == pytest.approx(rate)


@pytest.mark.parametrize("treatment", TREATMENTS)
def test_calibrated_scores_are_right_on_average_whatever_the_treatment(treatment):
    later = training_set(seed=2, rows=20_000)
    trained = train_model(data=training_set(), config=with_treatment(treatment))
    score = trained.calibration.score(predict_margin(trained.booster, later.X))
    assert score.mean() == pytest.approx(later.y.mean(), rel=0.15)
    assert trained.metrics["average_precision"] > 4 * trained.metrics["base_rate"]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "imbalance", [Imbalance("class_weights"), Imbalance("down_sampling", negatives_per_positive=3)]
)
def test_margins_without_calibration_are_log_odds_of_all_events(imbalance, weighted):
    """Two groups that trees can tell apart, with 2 % and 20 % positives."""
    rng = np.random.default_rng(5)
    X = rng.integers(0, 2, (40_000, 1)).astype(np.float32)
    y = (rng.random(len(X)) < np.where(X[:, 0] > 0, 0.2, 0.02)).astype(np.int8)
    weights = np.where(rng.random(len(X)) < 0.2, 4.0, 1.0) if weighted else None
    config = TrainingConfig(reg_lambda=0, learning_rate=0.3, subsample=1, threads=1, imbalance=imbalance)
    booster, rate = grow(X=X, y=y, weights=weights, rounds=60, config=config)
    raw = 1 / (1 + np.exp(-predict_margin(booster, np.array([[0.0], [1.0]])).astype(np.float64)))
    shares = [
        np.average(y[at], weights=None if weights is None else weights[at])
        for at in (X[:, 0] == 0, X[:, 0] > 0)
    ]
    assert raw.tolist() == pytest.approx(shares, rel=0.02 if imbalance.treatment == "class_weights" else 0.1)
    assert rate == pytest.approx(np.average(y, weights=weights))


@pytest.mark.parametrize("treatment", TREATMENTS)
def test_an_artifact_predicts_and_explains_what_the_trained_booster_does(treatment):
    X = training_set(seed=4).X[:300]
    trained = train_model(data=training_set(), config=with_treatment(treatment))
    artifact = pack_model(trained=trained, data=training_set())
    again = train_model(data=training_set(), config=with_treatment(treatment))
    assert pack_model(trained=again, data=training_set()).digest == artifact.digest
    loaded = load_booster(artifact.booster, threads=1)
    margin = predict_margin(loaded, X)
    assert margin.tobytes() == predict_margin(trained.booster, X).tobytes()
    contributions = predict_contributions(loaded, X)
    np.testing.assert_allclose(contributions.sum(axis=1), margin, atol=1e-5)
    np.testing.assert_allclose(explainer_for(loaded).explain(X)[1], contributions, atol=1e-4)


def test_the_parameters_of_other_treatments_leave_the_default_recipes_bytes_alone():
    unused = Imbalance("none", positive_weight=9.0, focal_gamma=1.0, negatives_per_positive=2.0)
    digests = {
        pack_model(trained=train_model(data=training_set(), config=config), data=training_set()).digest
        for config in (CONFIG, replace(CONFIG, imbalance=unused))
    }
    assert len(digests) == 1


def test_gamma_weight_and_sample_size_reach_the_trees():
    data = training_set()
    pairs = [
        ("focal_loss", {"focal_gamma": 1.0}, {"focal_gamma": 3.0}),
        ("class_weights", {"positive_weight": 2.0}, {"positive_weight": 20.0}),
        ("down_sampling", {"negatives_per_positive": 2.0}, {"negatives_per_positive": 5.0}),
    ]
    for treatment, one, other in pairs:
        first, second = (
            grow(X=data.X, y=data.y, rounds=3, config=with_treatment(treatment, **values))[0]
            for values in (one, other)
        )
        assert predict_margin(first, data.X).tolist() != predict_margin(second, data.X).tolist()
