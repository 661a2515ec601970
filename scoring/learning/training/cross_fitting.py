"""Scores of the rows that trees grow on, by trees that have not seen them; thresholds must hold there too.

The calibration slice is the newest part of the history. While it has few negatives, as in a wave of spam, its
precision says little of quieter times; the rows before it come from other times.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scoring.explain.prediction import predict_margin
from scoring.explain.xgboost_native import xgb
from scoring.learning.dataset.split import TimeSlices
from scoring.learning.dataset.training_set import TrainingSet, select_rows
from scoring.learning.training.thresholds import Judged
from scoring.registry.calibration import Calibration

BLOCKS = 5  # of time, each with as many rows
ENOUGH_NEGATIVES = 1_000  # of the calibration slice; from there on it suffices, and training takes less time

GrowOn = Callable[[NDArray[np.intp]], tuple[xgb.Booster, float]]


def rows_to_grow_on(slices: TimeSlices) -> NDArray[np.intp]:
    """The rows on which trees are grown: up to the calibration slice, because the newest fraud tells most."""
    return np.concatenate([slices.train, slices.gap, slices.validation])


def judge_earlier(
    data: TrainingSet, slices: TimeSlices, calibration: Calibration, *, grow_on: GrowOn
) -> Judged | None:
    """The rows before the calibration slice with cross-fitted scores; None if the slice has ENOUGH_NEGATIVES.

    `grow_on`: grows the model's trees on the given rows.
    """
    if int((data.y[slices.calibration] <= 0).sum()) >= ENOUGH_NEGATIVES:
        return None
    rows = rows_to_grow_on(slices)
    margin = cross_fitted_margins(data, rows, grow_on=grow_on)
    known = rows[~np.isnan(margin)]
    return Judged(data.y[known], calibration.score(margin[~np.isnan(margin)]), data.weights_of(known))


def cross_fitted_margins(
    data: TrainingSet, rows: NDArray[np.intp], *, grow_on: GrowOn
) -> NDArray[np.float64]:
    """The margin of each of `rows`, float64[n], by trees grown on the rows of all other blocks of time.

    NaN where the other blocks have no positives or no negatives.
    """
    margins = np.full(len(rows), np.nan)
    order = np.argsort(data.occurred_at[rows], kind="stable")
    for block in np.array_split(order, BLOCKS):
        others = np.delete(rows, block)
        if len(block) and 0 < int((data.y[others] > 0).sum()) < len(others):
            booster, _ = grow_on(others)
            margins[block] = predict_margin(booster, select_rows(data.X, rows[block]))
    return margins
