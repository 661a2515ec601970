import json
from dataclasses import replace

import numpy as np
import pytest

from scoring.errors import ArtefactCorrupt, NotEnoughPositives
from scoring.learning.artefact import Artefact, ModelSpec
from scoring.learning.baseline import baseline_score, fit_baseline
from scoring.learning.metrics import average_precision
from scoring.learning.packing import pack_model
from scoring.learning.prediction import load_booster, predict_contributions, predict_margin
from scoring.learning.training import TrainingConfig, shuffle_labels, train_model
from tests.unit.learning.made_up import training_set

CONFIG = TrainingConfig(trees=60, depth=4, threads=2)


@pytest.fixture(scope="module")
def trained():
    return train_model(data=training_set(), config=CONFIG)


@pytest.fixture(scope="module")
def artefact(trained):
    return pack_model(trained=trained, data=training_set())


def test_the_same_data_seed_and_threads_give_the_same_bytes(artefact):
    again = pack_model(trained=train_model(data=training_set(), config=CONFIG), data=training_set())
    assert again.digest == artefact.digest


def test_another_seed_gives_other_bytes(artefact):
    other = train_model(data=training_set(), config=replace(CONFIG, seed=8))
    assert pack_model(trained=other, data=training_set()).digest != artefact.digest


def test_the_model_beats_a_logistic_regression_where_features_work_together(trained):
    data, later = training_set(), training_set(seed=1)
    baseline = fit_baseline(X=data.X, y=data.y, codes=[4])
    ours = average_precision(later.y, predict_margin(trained.booster, later.X))
    assert ours > average_precision(later.y, baseline_score(baseline, later.X)) + 0.1


def test_shuffled_labels_teach_nothing():
    data = training_set()
    trained = train_model(data=shuffle_labels(data, seed=1), config=CONFIG, test=training_set(seed=1))
    assert trained.metrics["average_precision"] < 1.5 * trained.metrics["base_rate"]


def test_calibrated_scores_are_right_on_average_on_rows_the_model_never_saw(trained):
    later = training_set(seed=2, rows=20_000)
    score = trained.calibration.score(predict_margin(trained.booster, later.X))
    assert score.mean() == pytest.approx(later.y.mean(), rel=0.15)


def test_a_row_has_the_same_margin_alone_and_among_others(artefact):
    X = training_set(seed=3).X
    for threads in (1, 2):
        booster = load_booster(artefact.booster, threads=threads)
        together = predict_margin(booster, X)
        alone = np.concatenate([predict_margin(booster, X[row : row + 1]) for row in range(300)])
        assert together[:300].tobytes() == alone.tobytes()


def test_a_loaded_model_predicts_what_the_trained_one_does(trained, artefact):
    X = training_set(seed=3).X
    loaded = load_booster(artefact.booster, threads=1)
    assert predict_margin(loaded, X).tobytes() == predict_margin(trained.booster, X).tobytes()


def test_contributions_add_up_to_the_margin(trained):
    X = training_set(seed=4).X[:500]
    contributions = predict_contributions(trained.booster, X)
    assert contributions.shape == (500, 6)
    np.testing.assert_allclose(contributions.sum(axis=1), predict_margin(trained.booster, X), atol=1e-5)


def test_margins_start_from_the_rate_of_the_rows_the_trees_grew_on(trained):
    stored = json.loads(trained.booster.save_config())["learner"]["learner_model_param"]["base_score"]
    slices = trained.slices
    rows = np.concatenate([slices.train, slices.gap, slices.validation])
    assert float(stored.strip("[]")) == pytest.approx(training_set().y[rows].mean(), rel=1e-5)


def test_the_spec_survives_its_json(artefact):
    spec = ModelSpec.from_json(artefact.spec)
    assert spec.to_json() == artefact.spec
    assert spec.features == ("telling", "left", "right", "noise", "code")
    assert spec.vocabularies == {"category": ("a", "b", "c", "d")}
    assert len(spec.medians) == 5


@pytest.mark.parametrize("part", ["booster", "spec"])
def test_one_changed_byte_anywhere_is_noticed(artefact, part):
    damaged = {
        "booster": Artefact(artefact.booster[:-1] + b"?", artefact.spec),
        "spec": Artefact(artefact.booster, artefact.spec.replace("0", "1", 1)),
    }[part]
    artefact.verify(artefact.digest)
    with pytest.raises(ArtefactCorrupt):
        damaged.verify(artefact.digest)


def test_too_few_positives_are_refused_naming_the_slice():
    data = training_set()
    with pytest.raises(NotEnoughPositives) as refused:
        train_model(data=replace(data, y=np.zeros_like(data.y)), config=CONFIG)
    assert (refused.value.slice_name, refused.value.found) == ("test", 0)


def test_metrics_say_what_every_slice_held(trained):
    slices = trained.metrics["slices"]
    assert list(slices) == ["train", "gap", "validation", "calibration", "test"]
    assert sum(part["rows"] for part in slices.values()) == 6_000
