"""A search on a small training set: what a trial measures, what is stored, and what it is compared with."""

from dataclasses import replace

import numpy as np
import pytest

from scoring.learning.errors import InvalidTraining
from scoring.learning.metrics.quality import average_precision
from scoring.learning.search.options import SearchOptions
from scoring.learning.search.report import search_lines, verdict_of
from scoring.learning.search.trial import measure_recipe
from scoring.learning.search.trials import TrialsInMemory
from scoring.learning.search.tuner import RecipeSearch, basis_of
from scoring.learning.training.fit import fit_prepared, prepare
from scoring.learning.training.growing import choose_rounds, grow_with_early_stopping
from scoring.learning.training.recipe import CLASS_WEIGHTS, Imbalance, TrainingConfig
from scoring.learning.training.tuning.simpler import BASE, compare_with_simpler
from scoring.progress import NO_PROGRESS
from tests.unit.learning.made_up import training_set

BASE_RECIPE = TrainingConfig(trees=40, depth=3, threads=1, patience=5)
OPTIONS = SearchOptions(minutes=10, trials=4, seed=1)


@pytest.fixture(scope="module")
def prepared():
    return prepare(data=training_set(rows=3_000, rate=0.1), config=BASE_RECIPE)


@pytest.fixture(scope="module")
def history():
    return TrialsInMemory()


@pytest.fixture(scope="module")
def tuned(prepared, history):
    return RecipeSearch(OPTIONS, history)(prepared, BASE_RECIPE, NO_PROGRESS)


@pytest.mark.parametrize(
    "imbalance", [Imbalance(), Imbalance(CLASS_WEIGHTS)], ids=lambda each: each.treatment
)
def test_a_trial_grows_the_trees_that_a_training_would_choose(prepared, imbalance):
    config, reported = replace(BASE_RECIPE, imbalance=imbalance), []
    found = measure_recipe(prepared, config, report=lambda *each: reported.append(each), watch=NO_PROGRESS)
    chosen = choose_rounds(data=prepared.data, slices=prepared.slices, config=config, extra=prepared.extra)
    assert found.trees == chosen
    assert [trees for trees, _ in reported] == list(range(5, 5 * len(reported) + 1, 5))
    if chosen % 5 == 0:
        assert dict(reported)[chosen] == pytest.approx(found.value, abs=1e-6)


def test_a_trial_reports_average_precision_on_the_validation_slice(prepared):
    reported = {}
    config = replace(BASE_RECIPE, trees=10, patience=50)
    found = measure_recipe(prepared, config, report=reported.__setitem__, watch=NO_PROGRESS)
    assert found.trees == 10
    assert reported[10] == pytest.approx(found.value, abs=1e-6)
    assert found.value > 2 * prepared.data.y[prepared.slices.validation].mean()


def test_what_is_reported_after_hundreds_of_trees_is_as_exact():
    config = replace(BASE_RECIPE, trees=400, patience=400, learning_rate=0.02)
    rare = prepare(data=training_set(rows=8_000, rate=0.03), config=config)
    last = {}

    def after_each(booster, validation, round_):
        if (trees := round_ + 1) % 50 == 0:
            margin = booster.predict(validation, output_margin=True)
            last[trees] = average_precision(rare.data.y[rare.slices.validation], margin)

    grow_with_early_stopping(rare.data, rare.slices, config=config, extra=rare.extra, after_each=after_each)
    reported = {}
    measure_recipe(rare, config, report=reported.__setitem__, watch=NO_PROGRESS)
    assert {trees: reported[trees] for trees in last} == pytest.approx(last, abs=1e-6)


def test_a_search_never_reads_the_test_slice(prepared, tuned):
    spoiled = prepare(data=training_set(rows=3_000, rate=0.1), config=BASE_RECIPE)
    test = spoiled.slices.test
    spoiled.data.y[test] = 1 - spoiled.data.y[test]
    spoiled.data.X[test] = np.nan
    again = RecipeSearch(OPTIONS)(spoiled, BASE_RECIPE, NO_PROGRESS)
    assert [each["value"] for each in again.record["trials"]] == [
        each["value"] for each in tuned.record["trials"]
    ]


def test_the_best_recipe_and_the_history_are_given(tuned, history):
    trials = history.read()
    assert [each["trial"] for each in tuned.record["trials"]] == [0, 1, 2, 3]
    assert tuned.record["best"] == max(trials, key=lambda trial: trial.value).number
    assert tuned.record["options"] == {"minutes": 10, "trials": 4, "seed": 1, "folds": 1}
    best = trials[tuned.record["best"]]
    assert tuned.config.depth == best.params["depth"]
    assert tuned.config.trees == BASE_RECIPE.trees


def test_trials_of_other_events_are_refused(prepared, tuned, history):
    other = prepare(data=training_set(rows=3_000, rate=0.1, seed=5), config=BASE_RECIPE)
    with pytest.raises(InvalidTraining, match="start a new search"):
        RecipeSearch(OPTIONS, history)(other, BASE_RECIPE, NO_PROGRESS)


def test_the_basis_depends_on_events_recipe_and_seed(prepared):
    def basis(prepared=prepared, base=BASE_RECIPE, seed=1):
        return basis_of(prepared, base, (), seed=seed)

    flipped = prepare(data=training_set(rows=3_000, rate=0.1), config=BASE_RECIPE)
    flipped.data.y[0] = 1 - flipped.data.y[0]
    others = [basis(flipped), basis(base=replace(BASE_RECIPE, trees=50)), basis(seed=2)]
    assert basis() == basis()
    assert len({basis(), *others}) == 4


def test_the_model_is_compared_with_the_first_recipe_and_a_logistic_regression(prepared, tuned):
    better = replace(BASE_RECIPE, depth=6, learning_rate=0.2)
    trained = fit_prepared(prepared, config=better)
    compared = compare_with_simpler(prepared, trained, base=BASE_RECIPE, codes=[4], watch=NO_PROGRESS)
    assert [each["name"] for each in compared] == [BASE, "logistic"]
    own = average_precision(trained.held_out.y, trained.score)
    for each in compared:
        difference = each["difference"]
        assert difference["estimate"] == pytest.approx(own - each["average_precision"], abs=1e-4)
        assert difference["low"] <= difference["estimate"] <= difference["high"]
    alone = compare_with_simpler(prepared, trained, base=better, codes=[4], watch=NO_PROGRESS)
    assert [each["name"] for each in alone] == ["logistic"]


def record(best=1, **differences):
    """A search's record with intervals of differences by name."""
    against = [
        {
            "name": name,
            "average_precision": 0.5,
            "difference": bounds
            and {"estimate": sum(bounds) / 2, "low": bounds[0], "high": bounds[1], "level": 0.95},
        }
        for name, bounds in differences.items()
    ]
    trials = [
        {
            "trial": number,
            "state": "complete",
            "value": 0.5 + number / 10,
            "seconds": 30,
            "params": {},
            "trees": 5,
        }
        for number in range(2)
    ]
    return {"trials": trials, "best": best, "against": against}


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        (record(base=(0.01, 0.02), logistic=(0.1, 0.2)), "is significantly better than the one"),
        (record(base=(-0.01, 0.02), logistic=(0.1, 0.2)), "is not significantly better than the one"),
        (record(base=(-0.03, -0.01), logistic=(0.1, 0.2)), "is significantly worse"),
        (record(best=0, logistic=(0.1, 0.2)), "No trial was better"),
        (record(base=(0.01, 0.02), logistic=(-0.2, -0.1)), "Logistic regression is significantly better"),
        (record(base=(0.01, 0.02), logistic=(-0.2, 0.1)), "The model is not significantly better than"),
        (record(base=None, logistic=(0.1, 0.2)), "is not significantly better than the one"),
    ],
)
def test_the_verdict_says_which_model_to_prefer(search, expected):
    assert expected in verdict_of(search)


def test_the_report_names_trials_values_and_intervals():
    lines = "\n".join(search_lines(record(base=(0.01, 0.03), logistic=None)))
    assert "2 trials in 1.0 minutes, 0 of them pruned." in lines
    assert "0.6000 in trial 1, 0.5000 in the first one" in lines
    assert "+0.0200 average precision on the held-out events (95 % interval +0.0100 to +0.0300)" in lines
    assert "Not compared with logistic regression" in lines


def test_the_report_names_a_simpler_recipe_that_is_about_as_good():
    search = record(base=(0.01, 0.03), logistic=None) | {"options": {"folds": 3}}
    simpler = {"trial": 0, "difference": 0.01, "error": 0.02, "leaves": 800, "best_leaves": 6_400}
    assert not any("simpler" in line for line in search_lines(search | {"simpler": None})[1:-1])
    assert search_lines(search | {"simpler": simpler})[-1] == (
        "Trial 0 is simpler, at most 800 leaves instead of 6,400, and within one standard error of the best"
        " over 3 folds: 0.0100 lower, standard error 0.0200."
    )
