"""Synthetic positives between real ones (SMOTE), to show on folds what they are worth.

Chawla, Bowyer, Hall and Kegelmeyer, "SMOTE: Synthetic Minority Over-sampling Technique", JAIR 16, 2002.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scoring.explain.prediction import predict_margin
from scoring.learning.dataset.training_set import TrainingSet, select_rows
from scoring.learning.folds.contenders import Contender, Learned
from scoring.learning.training.fit import prepare
from scoring.learning.training.growing import choose_rounds, grow_rows
from scoring.learning.training.recipe import TrainingConfig
from scoring.progress import ProgressReporter
from scoring.registry.calibration import fit_platt

NEIGHBORS = 5
Matrix = NDArray[np.float32]


def smote_contender(name: str, config: TrainingConfig) -> Contender:
    """The recipe's model, grown on as many synthetic positives as make both classes equal.

    They are made of the rows that trees grow on, once for choosing the number of trees and once for growing
    them. Validation and calibration are real; Platt scaling takes the false share of positives back.
    """

    def learn(data: TrainingSet, test: TrainingSet, watch: ProgressReporter) -> Learned:
        prepared = prepare(data=data, config=config, test=test, watch=watch)
        slices = prepared.slices
        more, rows = _balanced(data, slices.train, seed=config.seed)
        rounds = choose_rounds(data=more, slices=replace(slices, train=rows), config=config, watch=watch)
        more, rows = _balanced(data, prepared.rows, seed=config.seed)
        booster, _ = grow_rows(more, rows, rounds=rounds, config=config, watch=watch)
        margin = predict_margin(booster, select_rows(data.X, slices.calibration))
        calibration = fit_platt(
            margin=margin, y=data.y[slices.calibration], weights=data.weights_of(slices.calibration)
        )
        return Learned(calibration.score(predict_margin(booster, test.X)))

    return Contender(name, learn)


def synthetic_positives(X: Matrix, count: int, *, seed: int) -> Matrix:
    """`count` rows, float32[count, F], each at a random place between a row of X and one of its neighbors.

    The neighbors are the nearest of X in standardized features; what is missing is at the mean. A value that
    either row lacks is that of the first row.
    """
    generator = np.random.default_rng(seed)
    nearest = _neighbors(X)
    first = generator.integers(0, len(X), count)
    second = nearest[first, generator.integers(0, nearest.shape[1], count)]
    step = generator.random((count, 1), dtype=np.float32)
    between = X[first] + step * (X[second] - X[first])
    return np.where(np.isnan(between), X[first], between)


def _neighbors(X: Matrix) -> NDArray[np.intp]:
    """int[n, k]: the rows nearest to each, at most NEIGHBORS; itself if it is the only one."""
    if len(X) == 1:
        return np.zeros((1, 1), dtype=np.intp)
    filled = np.nan_to_num(_standardized(X))
    squares = (filled**2).sum(axis=1)
    distance = squares[:, None] + squares[None, :] - 2 * filled @ filled.T
    np.fill_diagonal(distance, np.inf)
    return np.argsort(distance, axis=1, kind="stable")[:, : min(NEIGHBORS, len(X) - 1)]


def _standardized(X: Matrix) -> NDArray[np.float64]:
    known = ~np.isnan(X)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, X, 0.0).sum(axis=0) / count
    deviation = np.sqrt(np.where(known, (X - mean) ** 2, 0.0).sum(axis=0) / count)
    return np.asarray((X - mean) / np.where(deviation > 0, deviation, 1.0))


def _balanced(
    data: TrainingSet, rows: NDArray[np.intp], *, seed: int
) -> tuple[TrainingSet, NDArray[np.intp]]:
    """The set with synthetic positives of these rows at its end, and the rows together with them."""
    y = data.y[rows]
    missing = int((y == 0).sum() - (y == 1).sum())
    if missing <= 0:
        return data, rows
    made = synthetic_positives(data.X[rows[y == 1]], missing, seed=seed)
    weights = None if data.weights is None else np.concatenate([data.weights, np.ones(missing)])
    more = replace(
        data,
        X=np.concatenate([data.X, made]),
        y=np.concatenate([data.y, np.ones(missing, dtype=data.y.dtype)]),
        weights=weights,
    )
    return more, np.concatenate([rows, len(data.y) + np.arange(missing)])
