"""The 1-SE rule: which simpler recipe is about as good as the best one."""

import pytest

from scoring.learning.search.simplicity import max_leaves, simpler_trial
from scoring.learning.search.trials import COMPLETE, PRUNED, SearchTrial

BEST = (0.80, 0.70, 0.90)


def trial(number, folds, *, depth=6, trees=100, state=COMPLETE):
    return SearchTrial(
        number=number,
        basis="b",
        state=state,
        value=sum(folds) / max(len(folds), 1),
        params={"depth": depth},
        reported=[],
        trees=trees,
        seconds=1.0,
        folds=folds,
    )


DEEP = trial(1, BEST, depth=8)
NEAR = trial(
    2, (0.82, 0.66, 0.88), depth=4
)  # better in one fold, worse in two: mean gap 0.0133, error 0.0176
FAR = trial(3, (0.78, 0.68, 0.88), depth=3)  # worse by the same in every fold: beyond any error


@pytest.mark.parametrize(
    ("trials", "simpler"),
    [
        ([DEEP, NEAR, FAR], 2),
        ([DEEP, FAR], None),
        ([DEEP, trial(4, NEAR.folds, depth=8, trees=101)], None),  # near, but not simpler
        ([DEEP, trial(5, (0.9,), depth=2, state=PRUNED)], None),
        ([DEEP, NEAR, trial(6, NEAR.folds, depth=4)], 2),  # the earlier of equal ones
    ],
)
def test_the_simplest_recipe_within_one_standard_error_is_named(trials, simpler):
    found = simpler_trial(trials, DEEP, depth=6)
    assert (found and found["trial"]) == simpler


def test_the_difference_and_its_error_are_those_over_folds():
    found = simpler_trial([DEEP, NEAR], DEEP, depth=6)
    assert found["difference"] == pytest.approx(0.04 / 3)
    assert found["error"] == pytest.approx(0.01763834)  # of -0.02, 0.04, 0.02: deviation 0.030551 / sqrt(3)
    assert (found["leaves"], found["best_leaves"]) == (1_600, 25_600)


def test_without_folds_nothing_is_said():
    assert simpler_trial([trial(0, (), depth=3), trial(1, ())], trial(1, ()), depth=6) is None


def test_a_trial_that_does_not_vary_the_depth_has_that_of_the_recipe():
    assert max_leaves(SearchTrial(0, "b", COMPLETE, 0.5, {}, [], 10, 1.0), depth=3) == 80
