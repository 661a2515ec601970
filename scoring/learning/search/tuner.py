"""A search for the best recipe of a training, on its own training and validation slices."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any

import numpy as np
import orjson

from scoring.explain.xgboost_native import xgb
from scoring.learning.errors import InvalidTraining
from scoring.learning.metrics.quality import average_precision
from scoring.learning.search.options import SearchOptions
from scoring.learning.search.space import Searched, Value, applied, space_for, values_of
from scoring.learning.search.study import (
    TREES_BETWEEN_REPORTS,
    Measured,
    Report,
    importance_of,
    run_search,
)
from scoring.learning.search.trials import SearchTrial, TrialHistory, TrialsInMemory, best_of
from scoring.learning.training.fit import Prepared
from scoring.learning.training.growing import grow_with_early_stopping
from scoring.learning.training.recipe import TrainingConfig
from scoring.learning.training.tuning.tuner import Tuned
from scoring.progress import ProgressReporter


@dataclass(frozen=True)
class RecipeSearch:
    """A `Tuner` that searches the space around a recipe within a budget. `clock`: seconds."""

    options: SearchOptions
    history: TrialHistory = field(default_factory=TrialsInMemory)
    clock: Callable[[], float] = monotonic

    def __call__(self, prepared: Prepared, base: TrainingConfig, watch: ProgressReporter) -> Tuned:
        """The recipe with the highest average precision on the validation slice; the test slice is not read.

        Raises InvalidTraining if the history's trials are of other events, another recipe or another seed.
        """
        space = space_for(base, overridden=prepared.extra)
        basis = basis_of(prepared, base, space, seed=self.options.seed)
        require_basis(self.history.read(), basis)
        trials = run_search(
            partial(self._try, prepared, base, watch),
            start=values_of(base, space),
            space=space,
            options=self.options,
            history=self.history,
            basis=basis,
            clock=self.clock,
        )
        best = best_of(trials) or trials[0]
        importance = importance_of(trials, space, seed=self.options.seed)
        config = applied(base, best.params) if best.number else base
        return Tuned(config, record_of(trials, best, importance, options=self.options, prepared=prepared))

    def _try(
        self,
        prepared: Prepared,
        base: TrainingConfig,
        watch: ProgressReporter,
        values: Mapping[str, Value],
        report: Report,
    ) -> Measured:
        watch.begin(step_of(self.history.read(), self.options), total=base.trees)
        return measure_recipe(prepared, applied(base, values), report=report, watch=watch)


def measure_recipe(
    prepared: Prepared, config: TrainingConfig, *, report: Report, watch: ProgressReporter
) -> Measured:
    """Average precision on the validation slice of the trees that a training would choose there."""
    data, held = prepared.data, prepared.slices.validation
    y, weights = data.y[held], data.weights_of(held)
    margin = np.zeros(len(y))  # of double precision: as float32, hundreds of constants would make ties

    def after_each(booster: xgb.Booster, validation: xgb.DMatrix, round_: int) -> None:
        margin[:] += booster.predict(
            validation, output_margin=True, iteration_range=(round_, round_ + 1)
        )  # the constant in every tree's margin does not change the order
        watch.advance(1)
        if (trees := round_ + 1) % TREES_BETWEEN_REPORTS == 0:
            report(trees, average_precision(y, margin, weights))

    booster, validation = grow_with_early_stopping(
        data, prepared.slices, config=config, extra=prepared.extra, after_each=after_each
    )
    trees = int(booster.best_iteration) + 1
    final = booster.predict(validation, output_margin=True, iteration_range=(0, trees))
    return Measured(average_precision(y, final, weights), trees)


def basis_of(prepared: Prepared, base: TrainingConfig, space: Sequence[Searched], *, seed: int) -> str:
    """A digest of what trials depend on: events, labels, weights, features, recipe, space and seed."""
    data, slices = prepared.data, prepared.slices
    rows = np.concatenate([slices.train, slices.validation])
    weights = data.weights_of(rows)
    digest = hashlib.sha256()
    for array in (data.positions[rows], data.y[rows], np.empty(0) if weights is None else weights):
        digest.update(np.ascontiguousarray(array).tobytes())
    stated = [data.feature_set, base.parameters(), [repr(each) for each in space], seed, len(slices.train)]
    digest.update(orjson.dumps(stated, option=orjson.OPT_SORT_KEYS))
    return digest.hexdigest()[:16]


def require_basis(trials: Sequence[SearchTrial], basis: str) -> None:
    """Raises InvalidTraining for a trial whose value depends on something else."""
    other = next((trial for trial in trials if trial.basis != basis), None)
    if other is not None:
        allowed = (
            "a trial on the same events, labels, features, recipe, search space and seed; start a new search"
        )
        raise InvalidTraining("search_history", f"trial {other.number}", allowed)


def step_of(trials: Sequence[SearchTrial], options: SearchOptions) -> str:
    """The progress of a search in words."""
    best = best_of(trials)
    so_far = f", best so far {best.value:.4f}" if best else ""
    return f"trial {len(trials) + 1} of at most {options.trials}{so_far}"


def record_of(
    trials: Sequence[SearchTrial],
    best: SearchTrial,
    importance: Mapping[str, float],
    *,
    options: SearchOptions,
    prepared: Prepared,
) -> dict[str, Any]:
    """What is stored with the model version."""
    held = prepared.slices.validation
    kept = ("trial", "state", "value", "params", "trees", "seconds")
    stored = [trial.stored() for trial in trials]
    return {
        "options": options.stored(),
        "trials": [{name: each[name] for name in kept} for each in stored],
        "best": best.number,
        "importance": dict(importance),
        "validation": {"rows": len(held), "positives": int(prepared.data.y[held].sum())},
    }
