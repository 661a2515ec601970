"""A search over folds: which events each fold learns and validates on, and what a trial is worth."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from scoring.learning.dataset.split import DAY_US
from scoring.learning.errors import InvalidTraining
from scoring.learning.search.folds import folds_of, measure_on_folds
from scoring.learning.search.options import SearchOptions
from scoring.learning.search.trial import measure_recipe
from scoring.learning.search.trials import TrialsInMemory
from scoring.learning.search.tuner import RecipeSearch, basis_of
from scoring.learning.training.fit import prepare
from scoring.learning.training.recipe import TrainingConfig
from scoring.progress import NO_PROGRESS
from tests.unit.learning.made_up import training_set

RECIPE = TrainingConfig(trees=10, depth=3, threads=1, patience=5)


class Reported:
    """Keeps what a trial reports."""

    def __init__(self):
        self.values = []

    def __call__(self, step, value, *, trees=None):
        self.values.append((step, value))

    def only_time(self):
        return lambda step, value, *, trees=None: None


@pytest.fixture(scope="module")
def prepared():
    return prepare(data=training_set(rows=4_000, rate=0.1), config=RECIPE)


@pytest.fixture(scope="module")
def folds(prepared):
    return folds_of(prepared, RECIPE, count=3)


def test_the_newest_fold_is_that_of_the_training(prepared, folds):
    assert folds[-1].slices is prepared.slices
    assert folds_of(prepared, RECIPE, count=1)[0].slices is prepared.slices


def test_each_fold_validates_on_the_events_right_before_those_of_the_next(folds):
    times = folds[0].data.occurred_at
    for earlier, later in pairwise(folds):
        first, second = earlier.slices.validation, later.slices.validation
        assert first[-1] + 1 == second[0]
        assert abs(len(first) - len(second)) <= 1
    for fold in folds:
        learned, validation = times[fold.slices.train], times[fold.slices.validation]
        assert learned.max() < validation.min() - 13 * DAY_US  # the gap of 14 days less a moment
        assert not len(fold.slices.test) or fold is folds[-1]


def test_a_trial_is_worth_the_mean_of_its_folds_and_reports_the_mean_so_far(folds):
    reported = Reported()
    found = measure_on_folds(folds, RECIPE, report=reported, watch=NO_PROGRESS)
    alone = [measure_recipe(fold, RECIPE, report=Reported(), watch=NO_PROGRESS).value for fold in folds]
    assert found.folds == tuple(alone)
    assert found.value == pytest.approx(np.mean(alone))
    assert reported.values == [(1, alone[0]), (2, pytest.approx(np.mean(alone[:2])))]


def test_too_many_folds_are_refused_with_how_many_there_can_be(prepared):
    with pytest.raises(InvalidTraining, match=r"search_folds: .*at most [3-9]"):
        folds_of(prepared, RECIPE, count=12)


def test_a_search_keeps_the_values_of_folds_and_reads_neither_calibration_nor_test():
    options = SearchOptions(minutes=10, trials=3, seed=1, folds=2)
    records = []
    for spoiled in (False, True):
        own = prepare(data=training_set(rows=4_000, rate=0.1), config=RECIPE)
        if spoiled:
            own.data.X[np.concatenate([own.slices.calibration, own.slices.test])] = np.nan
        records.append(RecipeSearch(options, TrialsInMemory())(own, RECIPE, NO_PROGRESS).record)
    assert [each["value"] for each in records[0]["trials"]] == [
        each["value"] for each in records[1]["trials"]
    ]
    first = records[0]["trials"][0]
    assert len(first["folds"]) == 2
    assert first["value"] == pytest.approx(np.mean(first["folds"]))
    assert records[0]["options"]["folds"] == 2


def test_trials_on_another_number_of_folds_are_of_another_basis(prepared):
    bases = {basis_of(prepared, RECIPE, (), seed=1, folds=folds) for folds in (1, 2, 3)}
    assert len(bases) == 3
    assert basis_of(prepared, replace(RECIPE), (), seed=1) == basis_of(prepared, RECIPE, (), seed=1, folds=1)
