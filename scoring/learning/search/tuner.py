"""A search for the best recipe of a training, on its own training and validation slices."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any

import numpy as np
import orjson

from scoring.learning.errors import InvalidTraining
from scoring.learning.search.folds import folds_of, measure_on_folds
from scoring.learning.search.options import SearchOptions
from scoring.learning.search.simplicity import simpler_trial
from scoring.learning.search.space import Searched, Value, applied, space_for, values_of
from scoring.learning.search.study import Measured, Report, importance_of, run_search
from scoring.learning.search.trials import SearchTrial, TrialHistory, TrialsInMemory, best_of
from scoring.learning.training.fit import Prepared
from scoring.learning.training.recipe import TrainingConfig
from scoring.learning.training.tuning.tuner import Tuned
from scoring.progress import ProgressReporter

KEPT = ("trial", "state", "value", "folds", "params", "trees", "seconds")  # of a trial, with the version


@dataclass(frozen=True)
class RecipeSearch:
    """A `Tuner` that searches the space around a recipe within a budget. `clock`: seconds."""

    options: SearchOptions
    history: TrialHistory = field(default_factory=TrialsInMemory)
    clock: Callable[[], float] = monotonic

    def __call__(self, prepared: Prepared, base: TrainingConfig, watch: ProgressReporter) -> Tuned:
        """The recipe with the highest average precision on validation, the mean of all folds; the test slice
        is not read.

        Raises InvalidTraining if there are too few events for so many folds, or if the history's trials are
        of other events, another recipe, seed or number of folds.
        """
        space = space_for(base, overridden=prepared.extra)
        folds = folds_of(prepared, base, count=self.options.folds)
        basis = basis_of(prepared, base, space, seed=self.options.seed, folds=self.options.folds)
        require_basis(self.history.read(), basis)
        trials = run_search(
            partial(self._try, folds, base, watch),
            start=values_of(base, space),
            space=space,
            options=self.options,
            history=self.history,
            basis=basis,
            clock=self.clock,
        )
        best = best_of(trials)
        importance = importance_of(trials, space, seed=self.options.seed)
        config = applied(base, best.params) if best.number else base
        record = record_of(trials, best, importance, options=self.options, prepared=prepared)
        return Tuned(config, record | {"simpler": simpler_trial(trials, best, depth=base.depth)})

    def _try(
        self,
        folds: Sequence[Prepared],
        base: TrainingConfig,
        watch: ProgressReporter,
        values: Mapping[str, Value],
        report: Report,
    ) -> Measured:
        watch.begin(step_of(self.history.read(), self.options), total=base.trees * len(folds))
        return measure_on_folds(folds, applied(base, values), report=report, watch=watch)


def basis_of(
    prepared: Prepared, base: TrainingConfig, space: Sequence[Searched], *, seed: int, folds: int = 1
) -> str:
    """A digest of what trials depend on: events, labels, weights, features, recipe, space, seed and folds."""
    data, slices = prepared.data, prepared.slices
    rows = np.concatenate([slices.train, slices.validation])
    weights = data.weights_of(rows)
    digest = hashlib.sha256()
    for array in (data.positions[rows], data.y[rows], np.empty(0) if weights is None else weights):
        digest.update(np.ascontiguousarray(array).tobytes())
    stated = [data.feature_set, base.parameters(), [repr(each) for each in space], seed, len(slices.train)]
    stated += [folds] if folds > 1 else []  # so that searches from before there were folds can go on
    digest.update(orjson.dumps(stated, option=orjson.OPT_SORT_KEYS))
    return digest.hexdigest()[:16]


def require_basis(trials: Sequence[SearchTrial], basis: str) -> None:
    """Raises InvalidTraining for a trial whose value depends on something else."""
    other = next((trial for trial in trials if trial.basis != basis), None)
    if other is not None:
        allowed = (
            "a trial on the same events, labels, features, recipe, search space, seed and folds; start a new"
            " search"
        )
        raise InvalidTraining("search_history", f"trial {other.number}", allowed)


def step_of(trials: Sequence[SearchTrial], options: SearchOptions) -> str:
    """The progress of a search in words."""
    so_far = f", best so far {best_of(trials).value:.4f}" if trials else ""
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
    stored = [trial.stored() for trial in trials]
    return {
        "options": options.stored(),
        "trials": [{name: each[name] for name in each if name in KEPT} for each in stored],
        "best": best.number,
        "importance": dict(importance),
        "validation": {"rows": len(held), "positives": int(prepared.data.y[held].sum())},
    }
