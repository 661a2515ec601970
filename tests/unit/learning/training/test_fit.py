import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from scoring.explain.prediction import load_booster, predict_contributions, predict_margin
from scoring.learning.dataset.selection import UnknownBlocks
from scoring.learning.dataset.split import DAY_US
from scoring.learning.errors import InvalidTraining, NotEnoughHistory, NotEnoughPositives
from scoring.learning.metrics.quality import average_precision
from scoring.learning.training.baseline import baseline_score, fit_baseline
from scoring.learning.training.fit import (
    column_medians,
    measure,
    shuffle_labels,
    train_model,
)
from scoring.learning.training.growing import booster_parameters, rate_of
from scoring.learning.training.packing import pack_model
from scoring.learning.training.recipe import ThresholdPolicy, TrainingConfig
from scoring.learning.training.running.description import code_columns, further_metrics
from scoring.learning.training.thresholds import NEVER, Judged
from scoring.registry.artifact import Artifact, ModelSpec
from scoring.registry.errors import ArtifactCorrupt
from tests.unit.learning.made_up import START_US, training_set

CONFIG = TrainingConfig(trees=60, depth=4, threads=2)
QUICK = TrainingConfig(trees=8, depth=3, threads=1)


@pytest.fixture(scope="module")
def trained():
    return train_model(data=training_set(), config=CONFIG)


@pytest.fixture(scope="module")
def artifact(trained):
    return pack_model(trained=trained, data=training_set())


def test_the_same_data_seed_and_threads_give_the_same_bytes(artifact):
    again = pack_model(trained=train_model(data=training_set(), config=CONFIG), data=training_set())
    assert again.digest == artifact.digest


def test_another_seed_gives_other_bytes(artifact):
    other = train_model(data=training_set(), config=replace(CONFIG, seed=8))
    assert pack_model(trained=other, data=training_set()).digest != artifact.digest


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


def test_a_row_has_the_same_margin_alone_and_among_others(artifact):
    X = training_set(seed=3).X
    for threads in (1, 2):
        booster = load_booster(artifact.booster, threads=threads)
        together = predict_margin(booster, X)
        alone = np.concatenate([predict_margin(booster, X[row : row + 1]) for row in range(300)])
        assert together[:300].tobytes() == alone.tobytes()


def test_a_loaded_model_predicts_what_the_trained_one_does(trained, artifact):
    X = training_set(seed=3).X
    loaded = load_booster(artifact.booster, threads=1)
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


def test_the_spec_survives_its_json(artifact):
    spec = ModelSpec.from_json(artifact.spec)
    assert spec.to_json() == artifact.spec
    assert spec.features == ("telling", "left", "right", "noise", "code")
    assert spec.vocabularies == {"category": ("a", "b", "c", "d")}
    assert len(spec.medians) == 5


@pytest.mark.parametrize("part", ["booster", "spec"])
def test_one_changed_byte_anywhere_is_noticed(artifact, part):
    damaged = {
        "booster": Artifact(artifact.booster[:-1] + b"?", artifact.spec),
        "spec": Artifact(artifact.booster, artifact.spec.replace("0", "1", 1)),
    }[part]
    artifact.verify(artifact.digest)
    with pytest.raises(ArtifactCorrupt):
        damaged.verify(artifact.digest)


def test_too_few_positives_are_refused_naming_the_slice():
    data = training_set()
    with pytest.raises(NotEnoughPositives) as refused:
        train_model(data=replace(data, y=np.zeros_like(data.y)), config=CONFIG)
    assert (refused.value.slice_name, refused.value.found) == ("test", 0)


def test_hours_of_events_are_refused_before_positives_are_counted():
    with pytest.raises(NotEnoughHistory):
        train_model(data=training_set(rows=10).take(np.array([0])), config=CONFIG)


def test_metrics_describe_every_slice(trained):
    slices = trained.metrics["slices"]
    assert list(slices) == ["train", "gap", "validation", "calibration", "test"]
    assert sum(part["rows"] for part in slices.values()) == 6_000
    assert sum(part["positives"] for part in slices.values()) == training_set().y.sum()
    for name, part in slices.items():
        times = training_set().occurred_at[getattr(trained.slices, name)]
        bounds = [np.datetime64(part[edge].removesuffix("Z"), "us").astype(int) for edge in ("from", "to")]
        assert bounds == [times.min(), times.max()]


def test_later_rows_to_judge_on_are_described_as_the_test_slice_and_counted_apart():
    later = replace(training_set(seed=1, rows=900), inferred=np.arange(900) < 40)
    trained = train_model(data=training_set(), config=QUICK, test=later)
    said = trained.metrics["slices"]["test"]
    assert (said["rows"], said["positives"], said["inferred"]) == (900, later.y.sum(), 40)
    assert sum(len(rows) for rows in vars(trained.slices).values()) == 6_000
    assert (len(trained.slices.test), trained.metrics["rows"]) == (0, 900)


def test_trees_grow_on_all_rows_up_to_calibration_and_the_held_out_are_the_newest(trained):
    slices = trained.slices
    assert len(trained.grown_on) == 6_000 - len(slices.calibration) - len(slices.test)
    assert trained.grown_on.max() < slices.calibration.min()
    assert trained.held_out.positions.tolist() == slices.test.tolist()
    assert trained.medians == column_medians(training_set().X[trained.grown_on])
    again = trained.calibration.score(predict_margin(trained.booster, trained.held_out.X))
    assert again.tolist() == trained.score.tolist()


def test_the_number_of_trees_is_that_of_the_least_validation_loss(trained):
    assert trained.rounds == trained.booster.num_boosted_rounds() <= CONFIG.trees
    assert train_model(data=training_set(), config=QUICK).rounds == QUICK.trees  # as each of them helps
    patient = replace(QUICK, trees=200, learning_rate=0.8, patience=5)
    assert train_model(data=training_set(), config=patient).rounds < 200 - patient.patience


def test_thresholds_are_of_the_policy_and_days_of_the_calibration_slice():
    """Twelve a day over the ten days of the slice; half of the year's events would be sixty."""
    policy = ThresholdPolicy(reviews_a_day=12, min_review_score=0.0)
    trained = train_model(data=training_set(), config=replace(QUICK, policy=policy))
    rows = trained.slices.calibration
    score = trained.calibration.score(predict_margin(trained.booster, training_set().X[rows]))
    days = np.ptp(training_set().occurred_at[rows]) / DAY_US
    assert (score >= trained.thresholds["review"]).sum() == pytest.approx(12 * days, abs=3)
    stated = replace(QUICK, explicit_thresholds=(("review", 0.2), ("block", 0.7)))
    assert train_model(data=training_set(), config=stated).thresholds == {"review": 0.2, "block": 0.7}


def test_thresholds_hold_for_events_before_the_calibration_slice(monkeypatch):
    def fitted():
        data = training_set(rows=3_000, rate=0.3)
        policy = ThresholdPolicy(block_precision=0.6, block_support=5)
        return train_model(data=data, config=replace(QUICK, policy=policy)).thresholds["block"]

    negatives = Judged(np.zeros(9_000, dtype=np.int8), np.ones(9_000))
    monkeypatch.setattr("scoring.learning.training.fit.judge_earlier", lambda *_, **given: None)
    assert fitted() < 1
    monkeypatch.setattr("scoring.learning.training.fit.judge_earlier", lambda *_, **given: negatives)
    assert fitted() == NEVER


def test_intervals_at_thresholds_take_entities_as_wholes(trained):
    data, thresholds = trained.held_out, {"review": 0.1}
    one_each = replace(data, groups=np.arange(len(data.y)))
    of_few = replace(data, groups=np.arange(len(data.y)) % 5)
    effective = [
        measure(each, trained.score, thresholds)["intervals"]["precision_at_review"]["effective"]
        for each in (one_each, of_few)
    ]
    assert effective[0] > 5 > effective[1]


def test_figures_at_thresholds_bear_their_names_and_days_are_calendar_days():
    """Two days of 150 events each, a minute apart: of either day the first hundred are looked at."""
    times = START_US + np.concatenate([np.arange(150), 1440 + np.arange(150)]) * 60_000_000
    y, score = np.tile(np.arange(150) < 50, 2).astype(int), np.tile(np.linspace(0.99, 0.01, 150), 2)
    thresholds = {"review": score[99], "block": score[24]}
    data = replace(training_set(rows=300), y=y, occurred_at=times)
    found = measure(data, score, thresholds)
    assert found["precision_at_100_a_day"] == 0.5
    assert (found["precision_at_review"], found["recall_at_review"]) == (0.5, 1.0)
    assert (found["precision_at_block"], found["recall_at_block"]) == (1.0, 0.5)
    none = measure(replace(data, y=0 * y), score, {"block": 2.0})
    assert (none["precision_at_block"], none["recall_at_block"], none["roc_auc"]) == (None, None, None)


class TestWeights:
    """Events that exploration let through count several times, and unknown blocks are part of the traffic."""

    def test_weights_of_one_change_no_byte(self, artifact):
        once = replace(training_set(), weights=np.ones(len(training_set().y)))
        assert pack_model(trained=train_model(data=once, config=CONFIG), data=once).digest == artifact.digest

    def test_a_weight_reaches_the_trees_the_calibration_and_the_metrics(self, trained):
        rare = training_set().y * (training_set().X[:, 4] == 3)  # positives of one category count four times
        weighted = train_model(data=replace(training_set(), weights=1.0 + 3 * rare), config=CONFIG)
        assert weighted.base_rate > 1.2 * trained.base_rate
        assert weighted.metrics["base_rate"] > trained.metrics["base_rate"]
        assert weighted.metrics["rows"] == trained.metrics["rows"]
        of_category = weighted.held_out.X[:, 4] == 3
        assert weighted.score[of_category].mean() > 1.5 * trained.score[of_category].mean()

    def test_unknown_blocks_take_part_of_the_review_capacity(self):
        policy = ThresholdPolicy(reviews_a_day=12, min_review_score=0.0)
        config = replace(QUICK, policy=policy)
        data = training_set()
        telling = data.X[:, 0] > 1.5  # of which the model is sure
        unknown = UnknownBlocks(data.X[telling], data.occurred_at[telling])
        alone = train_model(data=data, config=config).thresholds["review"]
        assert train_model(data=replace(data, unknown=unknown), config=config).thresholds["review"] > alone

    def test_the_unknown_blocks_of_the_held_out_time_are_scored_too(self, trained):
        data = training_set()
        unknown = UnknownBlocks(data.X[:100], np.full(100, data.occurred_at[-1]))
        later = train_model(data=replace(data, unknown=unknown), config=CONFIG)
        assert len(later.unknown_score) == 100
        assert len(trained.unknown_score) == 0


def test_medians_are_of_the_known_values_and_rates_stay_off_0_and_1():
    X = np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, np.nan], [10.0, np.nan]])
    assert column_medians(X) == [3.0, None]
    assert [rate_of(np.array(y)) for y in ([0, 0], [1, 1], [1, 0, 0, 0])] == [1e-6, 1 - 1e-6, 0.25]
    assert rate_of(np.array([1, 0]), np.array([3.0, 1.0])) == 0.75


def test_each_setting_reaches_the_parameter_of_its_name():
    config = TrainingConfig(depth=3, max_bin=99, threads=4, seed=5, subsample=0.6, colsample_bytree=0.5)
    passed = booster_parameters(replace(config, reg_lambda=7.0, min_child_weight=8.0), base_rate=0.02)
    assert passed.items() >= {
        "max_depth": 3, "max_bin": 99, "nthread": 4, "seed": 5, "subsample": 0.6, "colsample_bytree": 0.5,
        "lambda": 7.0, "min_child_weight": 8.0, "eta": 0.1, "base_score": 0.02,
    }.items()  # fmt: skip


def test_reviews_and_blocks_a_day_are_over_the_days_of_the_held_out_events(trained):
    """The newest two of ten days were held out; the older events lie elsewhere."""
    hourly = START_US + np.arange(240) * (DAY_US // 24)
    data = replace(training_set(rows=192), occurred_at=hourly[:192])
    held_out = replace(training_set(rows=48), occurred_at=hourly[192:], y=np.zeros(48))
    outcomes = {"allow": 14, "review": 30, "block": 4}
    found = further_metrics(replace(trained, held_out=held_out), outcomes, data=data)
    assert (found["reviews_a_day"], found["blocks_a_day"]) == (15, 2)
    assert found["chance_average_precision"] is None
    held_out.y[0] = 1
    found = further_metrics(replace(trained, held_out=held_out), outcomes, data=data)
    assert 0 < found["chance_average_precision"] <= 1


def test_categories_hours_and_weekdays_are_codes_and_amounts_are_numbers():
    names = ("amount", "category", "hour_of_day", "card_count_1h", "day_of_week")
    assert code_columns(replace(training_set(rows=10), feature_names=names)) == [1, 2, 4]


def test_bytes_that_move_from_one_part_to_the_other_are_noticed(artifact):
    published = hashlib.sha256(b"\x03" + bytes(7) + b"abc" + b"{}").hexdigest()
    assert Artifact(b"abc", "{}").digest == published  # as versions are named in logs that exist
    assert '"format":1,' in artifact.spec
    joined = artifact.booster + artifact.spec.encode()[:1]
    assert Artifact(joined, artifact.spec[1:]).digest != artifact.digest


def test_the_log_keeps_its_keys_for_thresholds():
    config = replace(
        QUICK, explicit_thresholds=(("review", 0.2),), policy=ThresholdPolicy(min_review_score=0.1)
    )
    stored = config.parameters()
    assert (stored["stated_thresholds"], stored["policy"]["worth_a_look"]) == ((("review", 0.2),), 0.1)
    assert "explicit_thresholds" not in stored
    assert "min_review_score" not in stored["policy"]


def test_no_tree_uses_a_feature_that_is_left_out(trained):
    assert "telling" in splits_of(trained.booster)
    without = train_model(data=training_set(), config=replace(QUICK, features_left_out=("telling",)))
    assert "telling" not in splits_of(without.booster)
    assert without.held_out.X.shape == trained.held_out.X.shape  # vectors keep the feature
    assert without.medians == trained.medians


def splits_of(booster) -> set[str]:
    """The features on which the trees split."""
    return {training_set(rows=5).feature_names[int(name.lstrip("f"))] for name in booster.get_fscore()}


@pytest.mark.parametrize(("direction", "sign"), [("increasing", 1), ("decreasing", -1)])
def test_the_margin_moves_with_a_constrained_feature_in_one_direction_only(direction, sign):
    config = replace(QUICK, monotone=(("telling", direction),))
    booster = train_model(data=training_set(), config=config).booster
    rows = np.repeat(training_set(rows=50).X, 40, axis=0)
    rows[:, 0] = np.tile(np.linspace(-3, 3, 40), 50)
    steps = np.diff(predict_margin(booster, rows).reshape(50, 40), axis=1)
    assert (sign * steps >= -1e-6).all()
    assert (np.abs(steps) > 1e-3).any() or direction == "decreasing"  # the truth increases with it


def test_exact_trees_are_grown_without_bins_and_are_reproducible():
    config = replace(QUICK, tree_method="exact")
    data = training_set(rows=2_000)
    first, second = (train_model(data=data, config=config) for _ in range(2))
    assert first.booster.save_raw("ubj") == second.booster.save_raw("ubj")
    assert first.booster.save_raw("ubj") != train_model(data=data, config=QUICK).booster.save_raw("ubj")
    assert "max_bin" not in booster_parameters(config, base_rate=0.1)


def test_a_recipe_that_names_an_unknown_feature_is_refused_before_anything_is_fitted():
    with pytest.raises(InvalidTraining, match="'tellin' is not a feature"):
        train_model(data=training_set(), config=replace(QUICK, features_left_out=("tellin",)))
