"""The search loop on a made-up objective: seeded, pruned, within its budget, continued after a crash."""

import optuna
import pytest
from optuna.trial import TrialState, create_trial

from scoring.learning.search.options import SearchOptions
from scoring.learning.search.space import SPACE, values_of
from scoring.learning.search.study import FoldPruner, Measured, importance_of, run_search, seed_of
from scoring.learning.search.trials import COMPLETE, PRUNED, SearchTrial, TrialsInMemory, best_of
from scoring.learning.training.recipe import TrainingConfig

START = values_of(TrainingConfig(), SPACE)
OPTIONS = SearchOptions(minutes=10, trials=30, seed=3)


class Crashed(Exception):
    """Stands for a worker that is killed."""


def quality(values) -> float:
    """Highest at depth 8 and a subsample of 1; the treatment matters a little."""
    return 1 - 0.05 * abs(values["depth"] - 8) - 0.3 * (1 - values["subsample"])


def objective(values, report) -> Measured:
    for trees in range(5, 101, 5):
        report(trees, quality(values) * trees / 100)
    return Measured(quality(values), 100)


def search(history=None, *, trials=30, seed=3, ask=objective, clock=lambda: 0.0):
    options = SearchOptions(minutes=10, trials=trials, seed=seed)
    return run_search(
        ask,
        start=START,
        space=SPACE,
        options=options,
        history=history if history is not None else TrialsInMemory(),
        basis="b",
        clock=clock,
    )


@pytest.fixture(scope="module")
def trials():
    return search()


def test_the_first_trial_is_the_recipe_from_which_the_search_starts(trials):
    assert (trials[0].number, trials[0].params, trials[0].state) == (0, START, COMPLETE)
    assert [trial.number for trial in trials] == list(range(30))


def test_a_search_finds_a_better_recipe(trials):
    best = best_of(trials)
    assert best.value > trials[0].value
    assert best.value == max(trial.value for trial in trials if trial.state == COMPLETE)


def test_hopeless_trials_are_pruned_and_recorded_with_what_they_reached(trials):
    pruned = [trial for trial in trials if trial.state == PRUNED]
    assert pruned
    for trial in pruned:
        assert 30 <= trial.trees < 100
        assert trial.reported[-1] == (trial.trees, trial.value)
    assert best_of([*pruned, trials[0]]) == trials[0]


def test_the_same_seed_gives_the_same_search_and_another_one_another(trials):
    assert search() == trials
    assert search(trials=8, seed=4)[1:] != trials[1:8]


@pytest.mark.parametrize("crashed_in", [1, 6, 17])
def test_a_continued_search_equals_an_uninterrupted_one(trials, crashed_in):
    def crash(values, report):
        if len(history.read()) == crashed_in:
            raise Crashed
        return objective(values, report)

    history = TrialsInMemory()
    with pytest.raises(Crashed):
        search(history, ask=crash)
    assert len(history.read()) == crashed_in
    reread = [SearchTrial.from_stored(trial.stored()) for trial in history.read()]
    assert search(TrialsInMemory(reread)) == trials


class Watch:
    """A clock that each tree moves by a second."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_the_budget_cuts_a_trial_short_and_drops_it():
    watch = Watch()

    def slow(values, report):
        for trees in range(5, 101, 5):
            watch.seconds += 14  # 280 seconds a trial
            report(trees, quality(values))
        return Measured(quality(values), 100)

    trials = search(ask=slow, clock=watch)
    assert [trial.seconds for trial in trials] == [280, 280]
    assert watch.seconds < 600 + 14


def test_the_first_trial_is_not_cut_short_and_time_spent_before_counts():
    watch = Watch()

    def slow(values, report):
        watch.seconds += 3_600
        report(5, 0.5)
        return Measured(0.5, 5)

    history = TrialsInMemory()
    assert len(search(history, ask=slow, clock=watch)) == 1
    assert len(search(history, ask=slow, clock=watch)) == 1


def over_folds(values, report) -> Measured:
    """Three folds, the first an easy one."""
    quality_of = [quality(values) + extra for extra in (0.5, 0.0, 0.0)]
    for fold in (1, 2):
        report(fold, sum(quality_of[:fold]) / fold, trees=40)
    return Measured(sum(quality_of) / 3, 40, tuple(quality_of))


def test_trials_on_folds_are_pruned_after_any_fold_against_the_same_folds_of_others():
    options = SearchOptions(minutes=10, trials=30, seed=3, folds=3)
    trials = run_search(
        over_folds,
        start=START,
        space=SPACE,
        options=options,
        history=TrialsInMemory(),
        basis="b",
        clock=lambda: 0.0,
    )
    complete = [trial for trial in trials if trial.state == COMPLETE]
    pruned = [trial for trial in trials if trial.state == PRUNED]
    assert pruned
    for trial in pruned:
        before = sorted(dict(each.reported)[1] for each in complete if each.number < trial.number)
        assert trial.reported[0][1] < before[len(before) // 2]
        assert (trial.trees, trial.folds) == (40, ())
    assert all(len(trial.folds) == 3 for trial in complete)


@pytest.mark.parametrize(("second", "pruned"), [(0.2, True), (0.6, False)])
def test_a_good_first_fold_does_not_save_a_trial(second, pruned):
    """Its mean after two folds is compared with those of others, not its best mean so far."""
    study = optuna.create_study(direction="maximize", pruner=FoldPruner())
    for _ in range(5):
        study.add_trial(
            create_trial(state=TrialState.COMPLETE, value=0.5, intermediate_values={1: 0.6, 2: 0.5})
        )
    trial = study.ask()
    trial.report(0.9, 1)
    assert not trial.should_prune()
    trial.report(second, 2)
    assert trial.should_prune() == pruned


def test_the_budget_ends_a_trial_within_a_fold():
    watch = Watch()

    def slow(values, report):
        within = report.only_time()
        for trees in range(5, 101, 5):
            watch.seconds += 14
            within(trees, 0.9)
        report(1, 0.5, trees=100)
        return Measured(0.5, 100, (0.5, 0.5))

    trials = search(ask=slow, clock=watch)
    assert [trial.seconds for trial in trials] == [280, 280]
    assert watch.seconds < 600 + 14


def test_importance_names_what_matters(trials):
    importance = importance_of(trials, SPACE, seed=1)
    assert next(iter(importance)) in {"depth", "subsample"}
    assert sum(importance.values()) == pytest.approx(1)
    assert importance_of(trials[:3], SPACE, seed=1) == {}


def test_seeds_of_trials_differ():
    assert len({seed_of(seed, number) for seed in range(3) for number in range(50)}) == 150
    assert SearchOptions.from_stored(OPTIONS.stored()) == OPTIONS
