"""Simple against complex: the simplest recipe of a search that is about as good as the best one."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from scoring.learning.search.trials import COMPLETE, SearchTrial


def simpler_trial(trials: Sequence[SearchTrial], best: SearchTrial, *, depth: int) -> dict[str, Any] | None:
    """The simplest complete trial within one standard error of the best (the 1-SE rule of Breiman et al.
    1984): {"trial", "difference", "error", "leaves", "best_leaves"}, as stored.

    The error is that of the mean over folds of the difference from the best, in the same folds. `depth`: of
    trials that do not vary it. None without folds, or if no trial within it is simpler.
    """
    if len(best.folds) < 2:
        return None
    simplest = min(
        (trial for trial in trials if trial.state == COMPLETE and _is_near(trial, best)),
        key=lambda trial: (max_leaves(trial, depth=depth), trial.number),
    )
    leaves, best_leaves = (max_leaves(each, depth=depth) for each in (simplest, best))
    if leaves >= best_leaves:
        return None
    difference, error = _difference(simplest, best)
    return {
        "trial": simplest.number,
        "difference": difference,
        "error": error,
        "leaves": leaves,
        "best_leaves": best_leaves,
    }


def max_leaves(trial: SearchTrial, *, depth: int) -> int:
    """The largest number of leaves that its trees can have, the measure of complexity."""
    return int(trial.trees * 2 ** int(trial.params.get("depth", depth)))


def _is_near(trial: SearchTrial, best: SearchTrial) -> bool:
    difference, error = _difference(trial, best)
    return difference <= error


def _difference(trial: SearchTrial, best: SearchTrial) -> tuple[float, float]:
    """The mean by which the best is better, and its standard error."""
    gaps = np.subtract(best.folds, trial.folds)
    return float(gaps.mean()), float(gaps.std(ddof=1) / np.sqrt(len(gaps)))
