"""What is compared on folds: recipes, plain baselines, and model versions that exist."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.learning.baseline_names import FOREST, LOGISTIC
from scoring.learning.dataset.training_set import TrainingSet
from scoring.learning.errors import ContenderCannotBeCompared
from scoring.learning.training.analysis import importance_of
from scoring.learning.training.baseline import baseline_score, fit_baseline, fit_forest
from scoring.learning.training.comparison import reason_against, vectors_for
from scoring.learning.training.fit import train_model
from scoring.learning.training.recipe import TrainingConfig
from scoring.learning.training.running.description import code_columns
from scoring.progress import ProgressReporter
from scoring.registry.loaded_models import load_for_bulk


@dataclass(frozen=True)
class Learned:
    """The scores float64[m] of a test's events. `thresholds`: those of the model, None if it has none.

    `importance`: of its features by name, where it was trained for the test.
    """

    score: NDArray[np.float64]
    thresholds: Mapping[str, float] | None = None
    importance: Mapping[str, float] | None = None


Learn = Callable[[TrainingSet, TrainingSet, ProgressReporter], Learned]


@dataclass(frozen=True)
class Contender:
    """`learn(data, test, watch)` fits on the data and scores the test's events."""

    name: str
    learn: Learn


def of_recipe(name: str, config: TrainingConfig) -> Contender:
    """A model as `train` would make it with this recipe, all slices of time included."""

    def learn(data: TrainingSet, test: TrainingSet, watch: ProgressReporter) -> Learned:
        trained = train_model(data=data, config=config, test=test, watch=watch)
        return Learned(trained.score, trained.thresholds, importance_of(trained))

    return Contender(name, learn)


def logistic_regression() -> Contender:
    """A logistic regression on the same features, which is fitted on all the data."""

    def learn(data: TrainingSet, test: TrainingSet, watch: ProgressReporter) -> Learned:
        watch.begin("fitting the logistic regression", total=1)
        fitted = fit_baseline(X=data.X, y=data.y, codes=code_columns(data), weights=data.weights)
        watch.advance(1)
        return Learned(baseline_score(fitted, test.X))

    return Contender(LOGISTIC, learn)


def random_forest(*, threads: int) -> Contender:
    """A random forest on the same features, which is fitted on all the data."""

    def learn(data: TrainingSet, test: TrainingSet, watch: ProgressReporter) -> Learned:
        watch.begin("growing the random forest", total=1)
        forest = fit_forest(data.X, data.y, weights=data.weights, threads=threads)
        watch.advance(1)
        return Learned(baseline_score(forest, test.X))

    return Contender(FOREST, learn)


def baseline(name: str, *, threads: int) -> Contender:
    """The baseline with this name, one of BASELINES."""
    return logistic_regression() if name == LOGISTIC else random_forest(threads=threads)


def existing_model(name: str, *, threads: int) -> Contender:
    """A registered version, which is not trained again.

    Its `learn` raises ContenderCannotBeCompared if it has learned from events of a test.
    """
    model = load_for_bulk(name, threads=threads)

    def learn(data: TrainingSet, test: TrainingSet, watch: ProgressReporter) -> Learned:
        if why_not := reason_against(model, test):
            raise ContenderCannotBeCompared(name, why_not)
        return Learned(model.predict(vectors_for(model, test, watch))[1], model.thresholds)

    return Contender(name, learn)
