"""Folds of a search: the slices of the training, and earlier ones by rolling origin within its own events."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from scoring.learning.dataset.split import SplitShares, TimeSlices, split_by_time
from scoring.learning.errors import InvalidTraining
from scoring.learning.search.study import Measured, Report
from scoring.learning.search.trial import measure_recipe
from scoring.learning.training.fit import Prepared
from scoring.learning.training.recipe import TrainingConfig
from scoring.progress import ProgressReporter


def folds_of(prepared: Prepared, config: TrainingConfig, *, count: int) -> list[Prepared]:
    """The training with the slices of each fold, oldest first; the last fold has the training's own.

    The validation slice of a fold is the events right before that of the next one, about as many; its
    training slice is everything before the gap. Raises InvalidTraining if there are too few events or
    positives for so many folds.
    """
    slices = [prepared.slices]
    while len(slices) < count:
        earlier = _slices_before(prepared, slices[0], config)
        if earlier is None:
            allowed = f"at most {len(slices)}: an earlier fold would have too few events or positives"
            raise InvalidTraining("search_folds", count, allowed)
        slices.insert(0, earlier)
    return [replace(prepared, slices=each) for each in slices]


def _slices_before(prepared: Prepared, later: TimeSlices, config: TrainingConfig) -> TimeSlices | None:
    """The slices of the fold before; None if there are too few events or positives."""
    data, needs = prepared.data, config.needs
    older = np.sort(np.concatenate([later.train, later.gap]))
    share = len(later.validation) / max(len(older), 1)
    if share >= 1:
        return None
    found = split_by_time(
        occurred_at=data.occurred_at[older],
        y=data.y[older],
        shares=prepared.gap.within(SplitShares(1 - share, share, 0.0, 0.0)),
        needs=needs,
    )
    train, validation = older[found.train], older[found.validation]
    if data.y[train].sum() < needs.train or data.y[validation].sum() < needs.held_out:
        return None
    none = np.empty(0, dtype=np.intp)
    return TimeSlices(train, older[found.gap], validation, none, none)


def measure_on_folds(
    folds: Sequence[Prepared], config: TrainingConfig, *, report: Report, watch: ProgressReporter
) -> Measured:
    """The mean of the average precision on the validation slices, oldest first.

    After each fold but the last, the mean so far is reported. `trees` are those of the newest fold.
    """
    if len(folds) == 1:
        return measure_recipe(folds[0], config, report=report, watch=watch)
    values: list[float] = []
    for number, fold in enumerate(folds, start=1):
        found = measure_recipe(fold, config, report=report.only_time(), watch=watch)
        values.append(found.value)
        if number < len(folds):
            report(number, float(np.mean(values)), trees=found.trees)
    return Measured(float(np.mean(values)), found.trees, tuple(values))
