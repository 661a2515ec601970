"""The search itself: Optuna proposes recipes, prunes hopeless trials, and is told how each one ended.

Nothing is stored by Optuna. Its study lives in memory and is built from the kept trials, and its sampler is
seeded anew for each trial, so a search that continues after a crash proposes what it would have proposed
without it.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from time import monotonic
from typing import Any, Protocol

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.pruners import BasePruner, MedianPruner
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from scoring.learning.search.options import SearchOptions
from scoring.learning.search.space import TREATMENT, Searched, SearchedChoice, Value
from scoring.learning.search.trials import COMPLETE, PRUNED, SearchTrial, TrialHistory

RANDOM_TRIALS = 10  # before the sampler models which values are promising
COMPLETE_BEFORE_PRUNING = 5
TREES_BEFORE_PRUNING = 30  # low learning rates start slowly
TREES_BETWEEN_REPORTS = 5
MIN_COMPLETE_FOR_IMPORTANCE = 5
STATES = {COMPLETE: TrialState.COMPLETE, PRUNED: TrialState.PRUNED}


class Report(Protocol):
    """Given to a trial, which reports what it has reached; may raise to end it."""

    def __call__(self, step: int, value: float, *, trees: int | None = None) -> None:
        """Average precision after a step: a number of trees, or a fold of so many `trees`."""

    def only_time(self) -> "Report":
        """A report that ends the trial when the budget is used up, and compares nothing."""


@dataclass(frozen=True)
class Measured:
    """The result of a trial that was not pruned: its value, the number of trees grown for it, and the values
    of its folds where there are several.
    """

    value: float
    trees: int
    folds: tuple[float, ...] = ()


Objective = Callable[[dict[str, Value], Report], Measured]


class OutOfTime(Exception):
    """The budget ended during a trial."""


@dataclass
class _Reports:
    """What a trial reported."""

    deadline: float
    clock: Callable[[], float]
    trial: optuna.Trial | None
    values: list[tuple[int, float]] = field(default_factory=list)
    trees: int = 0

    def __call__(self, step: int, value: float, *, trees: int | None = None) -> None:
        self.values.append((step, value))
        self.trees = step if trees is None else trees
        self.check_time()
        if self.trial is None:
            return
        self.trial.report(value, step)
        if self.trial.should_prune():
            raise optuna.TrialPruned

    def check_time(self) -> None:
        """Raises OutOfTime, except in the first trial."""
        if self.trial is not None and self.clock() >= self.deadline:
            raise OutOfTime

    def only_time(self) -> Report:
        return _TimeReports(self)


@dataclass(frozen=True)
class _TimeReports:
    """Reports within a fold of a trial."""

    reports: _Reports

    def __call__(self, step: int, value: float, *, trees: int | None = None) -> None:
        self.reports.check_time()

    def only_time(self) -> Report:
        return self


class FoldPruner(BasePruner):
    """Prunes a trial whose mean over the folds so far is below the median of the complete trials' means over
    the same folds.

    `MedianPruner` would compare a trial's best mean so far, and its first fold may be an easy one.
    """

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        step = trial.last_step
        complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if step is None or len(complete) < COMPLETE_BEFORE_PRUNING:
            return False
        others = [each.intermediate_values[step] for each in complete]
        return bool(trial.intermediate_values[step] < median(others))


def run_search(
    objective: Objective,
    *,
    start: dict[str, Value],
    space: Sequence[Searched],
    options: SearchOptions,
    history: TrialHistory,
    basis: str,
    clock: Callable[[], float] = monotonic,
) -> list[SearchTrial]:
    """Run trials until time or number is used up, those of the history included. Returns all of them.

    `start`: the values of the first trial, which is neither pruned nor cut short. A later trial that the end
    of the budget cuts short is dropped. `clock`: seconds. An exception from the objective ends the search.
    """
    trials = history.read()
    study = _study_of(trials, space, folds=options.folds)
    deadline = clock() + 60 * options.minutes - sum(trial.seconds for trial in trials)
    while len(trials) < options.trials and (not trials or clock() < deadline):
        asked = _ask(study, number=len(trials), seed=options.seed) if trials else None
        values = _propose(asked, space) if asked else start
        reports, began = _Reports(deadline, clock, asked), clock()
        try:
            state, measured = _run(objective, values, reports)
        except OutOfTime:
            break
        trial = SearchTrial(
            number=len(trials),
            basis=basis,
            state=state,
            value=measured.value,
            params=values,
            reported=reports.values,
            trees=measured.trees,
            seconds=clock() - began,
            folds=measured.folds,
        )
        history.append(trial)
        trials.append(trial)
        _tell(study, asked, trial, space)
    return trials


def importance_of(trials: Sequence[SearchTrial], space: Sequence[Searched], *, seed: int) -> dict[str, float]:
    """The share of the values' variance that each parameter explains, largest first (Hutter et al. 2014).

    Only parameters that every complete trial has; {} with few complete trials or equal values.
    """
    values = [trial.value for trial in trials if trial.state == COMPLETE]
    if len(values) < MIN_COMPLETE_FOR_IMPORTANCE or min(values) == max(values):
        return {}
    study = _study_of(trials, space)
    found = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=seed))
    return {path: float(share) for path, share in found.items()}


def seed_of(seed: int, number: int) -> int:
    """The sampler's seed of one trial, 32 bits of a hash of both numbers."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{number}".encode()).digest()[:4])


def _run(objective: Objective, values: dict[str, Value], reports: _Reports) -> tuple[str, Measured]:
    try:
        return COMPLETE, objective(values, reports)
    except optuna.TrialPruned:
        return PRUNED, Measured(reports.values[-1][1], reports.trees)


def _study_of(trials: Sequence[SearchTrial], space: Sequence[Searched], *, folds: int = 1) -> optuna.Study:
    by_trees = MedianPruner(
        n_startup_trials=COMPLETE_BEFORE_PRUNING,
        n_warmup_steps=TREES_BEFORE_PRUNING,
        interval_steps=TREES_BETWEEN_REPORTS,
    )
    study = optuna.create_study(direction="maximize", pruner=FoldPruner() if folds > 1 else by_trees)
    for trial in trials:
        study.add_trial(_frozen(trial, space))
    return study


def _ask(study: optuna.Study, *, number: int, seed: int) -> optuna.Trial:
    study.sampler = TPESampler(n_startup_trials=RANDOM_TRIALS, seed=seed_of(seed, number))
    return study.ask()


def _propose(trial: optuna.Trial, space: Sequence[Searched]) -> dict[str, Value]:
    """A value for each part of the space that holds with the treatment of imbalance proposed before."""
    values: dict[str, Any] = {}
    for each in space:
        if each.treatment in ("", values.get(TREATMENT)):
            values[each.path] = _suggest(trial, each)
    return values


def _suggest(trial: optuna.Trial, each: Searched) -> Value:
    if isinstance(each, SearchedChoice):
        return str(trial.suggest_categorical(each.path, each.choices))
    if each.whole:
        return trial.suggest_int(each.path, int(each.low), int(each.high), log=each.logarithmic)
    return trial.suggest_float(each.path, each.low, each.high, log=each.logarithmic)


def _distribution(each: Searched) -> BaseDistribution:
    """As `_suggest` draws from."""
    if isinstance(each, SearchedChoice):
        return CategoricalDistribution(each.choices)
    if each.whole:
        return IntDistribution(int(each.low), int(each.high), log=each.logarithmic)
    return FloatDistribution(each.low, each.high, log=each.logarithmic)


def _frozen(trial: SearchTrial, space: Sequence[Searched]) -> FrozenTrial:
    searched = {each.path: _distribution(each) for each in space if each.path in trial.params}
    return create_trial(
        state=STATES[trial.state],
        value=trial.value,
        params={path: trial.params[path] for path in searched},
        distributions=searched,
        intermediate_values=dict(trial.reported),
    )


def _tell(
    study: optuna.Study, asked: optuna.Trial | None, trial: SearchTrial, space: Sequence[Searched]
) -> None:
    if asked is None:
        study.add_trial(_frozen(trial, space))
    elif trial.state == PRUNED:
        study.tell(asked, state=TrialState.PRUNED)
    else:
        study.tell(asked, trial.value)
