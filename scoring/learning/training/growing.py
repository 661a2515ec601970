"""Growing trees: how many, on which rows as the recipe treats them, and with which parameters."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.explain.xgboost_native import xgb
from scoring.learning.dataset.split import TimeSlices
from scoring.learning.dataset.training_set import TrainingSet, select_rows
from scoring.learning.training.features import without_left_out
from scoring.learning.training.imbalance import Treated, class_weights, metric_of, objective_of, treat
from scoring.learning.training.recipe import CLASS_WEIGHTS, TrainingConfig
from scoring.progress import NO_PROGRESS, ProgressReporter

NO_EXTRA: Final[Mapping[str, Any]] = MappingProxyType({})
AfterEach = Callable[[xgb.Booster, xgb.DMatrix, int], Any]


class RoundCallback(xgb.callback.TrainingCallback):
    """Calls a function with the booster and the number of the round, from 0, after every boosting round."""

    def __init__(self, after_each: Callable[[xgb.Booster, int], None]) -> None:
        super().__init__()
        self._after_each = after_each

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        self._after_each(model, epoch)
        return False


def choose_rounds(
    *,
    data: TrainingSet,
    slices: TimeSlices,
    config: TrainingConfig,
    extra: Mapping[str, Any] = NO_EXTRA,
    watch: ProgressReporter = NO_PROGRESS,
) -> int:
    """The number of trees with the lowest loss on the validation slice, at most `config.trees`."""
    watch.begin("choosing the number of trees", total=config.trees)
    booster, _ = grow_with_early_stopping(
        data, slices, config=config, extra=extra, after_each=lambda *_: watch.advance(1)
    )
    return int(booster.best_iteration) + 1


def grow_with_early_stopping(
    data: TrainingSet,
    slices: TimeSlices,
    *,
    config: TrainingConfig,
    extra: Mapping[str, Any] = NO_EXTRA,
    after_each: AfterEach,
) -> tuple[xgb.Booster, xgb.DMatrix]:
    """A booster grown on the training slice until the loss on validation has stopped falling, and validation.

    Class weights hold there as well; margins of a down-sampled training are judged on all its events.
    `after_each(booster, validation, round)` is called after each round.
    """
    rows, held = slices.train, slices.validation
    X = without_left_out(select_rows(data.X, rows), config=config, names=data.feature_names)
    train, treated = _treated_matrix(X, data.y[rows], data.weights_of(rows), config=config)
    validation = _validation_matrix(data, held, treated, config=config, reference=train)
    booster = xgb.train(
        booster_parameters(config, base_rate=treated.base_score) | dict(extra),
        train,
        config.trees,
        evals=[(validation, "validation")],
        obj=objective_of(config.imbalance),
        custom_metric=metric_of(config.imbalance),
        early_stopping_rounds=config.patience,
        verbose_eval=False,
        callbacks=[RoundCallback(lambda booster, round_: after_each(booster, validation, round_))],
    )
    return booster, validation


def _treated_matrix(
    X: NDArray, y: NDArray, weights: NDArray | None, *, config: TrainingConfig
) -> tuple[xgb.DMatrix, Treated]:
    """The rows after the recipe's treatment of imbalance, which start from its margin."""
    base_rate = rate_of(y, weights)
    treated = treat(config.imbalance, y=y, weights=weights, base_rate=base_rate, seed=config.seed)
    if treated.rows is not None:
        X, y = select_rows(X, treated.rows), y[treated.rows]
    matrix = matrix_of(X, y, treated.weights, config=config)
    if treated.shift:
        matrix.set_base_margin(np.full(len(y), treated.first_margin, dtype=np.float32))
    return matrix, treated


def _validation_matrix(
    data: TrainingSet,
    rows: NDArray[np.intp],
    treated: Treated,
    *,
    config: TrainingConfig,
    reference: xgb.DMatrix,
) -> xgb.DMatrix:
    X, y, weights = select_rows(data.X, rows), data.y[rows], data.weights_of(rows)
    if config.imbalance.treatment != CLASS_WEIGHTS:
        return matrix_of(X, y, weights, config=config, reference=reference)
    weighted = class_weights(y, weights, float(np.exp(treated.shift)))
    matrix = matrix_of(X, y, weighted, config=config, reference=reference)
    matrix.set_base_margin(np.full(len(y), treated.first_margin, dtype=np.float32))
    return matrix


def grow(
    *,
    X: NDArray,
    y: NDArray,
    rounds: int,
    config: TrainingConfig,
    extra: Mapping[str, Any] = NO_EXTRA,
    weights: NDArray | None = None,
    watch: ProgressReporter = NO_PROGRESS,
) -> tuple[xgb.Booster, float]:
    """A booster of exactly `rounds` trees, and its base rate. `weights`: how often each row counts."""
    matrix, treated = _treated_matrix(X, y, weights, config=config)
    watch.begin("growing the trees", total=rounds)
    booster = xgb.train(
        booster_parameters(config, base_rate=treated.base_score) | dict(extra),
        matrix,
        rounds,
        obj=objective_of(config.imbalance),
        callbacks=[RoundCallback(lambda *_: watch.advance(1))],
    )
    return booster, rate_of(y, weights)


def grow_rows(
    data: TrainingSet,
    rows: NDArray[np.intp],
    *,
    rounds: int,
    config: TrainingConfig,
    extra: Mapping[str, Any] = NO_EXTRA,
    watch: ProgressReporter = NO_PROGRESS,
) -> tuple[xgb.Booster, float]:
    """`grow` on these rows of a training set, without the features that the recipe leaves out."""
    return grow(
        X=without_left_out(select_rows(data.X, rows), config=config, names=data.feature_names),
        y=data.y[rows],
        weights=data.weights_of(rows),
        rounds=rounds,
        config=config,
        extra=extra,
        watch=watch,
    )


def matrix_of(
    X: NDArray,
    y: NDArray,
    weights: NDArray | None,
    *,
    config: TrainingConfig,
    reference: xgb.DMatrix | None = None,
) -> xgb.DMatrix:
    """The rows as XGBoost reads them: in the bins of `reference` or their own, or as they are for `exact`."""
    if config.tree_method == "exact":
        return xgb.DMatrix(X, y, weight=weights, nthread=config.threads)
    return xgb.QuantileDMatrix(
        X, y, weight=weights, ref=reference, max_bin=config.max_bin, nthread=config.threads
    )


def booster_parameters(config: TrainingConfig, *, base_rate: float) -> dict[str, Any]:
    """XGBoost's parameters; `base_score` is a probability, which the library converts to log-odds."""
    bins = {} if config.tree_method == "exact" else {"max_bin": config.max_bin}
    return bins | {
        "objective": "binary:logistic",
        "tree_method": config.tree_method,
        "eval_metric": "logloss",
        "base_score": base_rate,
        "max_depth": config.depth,
        "eta": config.learning_rate,
        "min_child_weight": config.min_child_weight,
        "subsample": config.subsample,
        "colsample_bytree": config.colsample_bytree,
        "lambda": config.reg_lambda,
        "nthread": config.threads,
        "seed": config.seed,
    }


def rate_of(y: NDArray, weights: NDArray | None = None) -> float:
    """Share of positives, clipped away from 0 and 1, where log-odds are infinite."""
    return float(np.clip(np.mean(y) if weights is None else np.average(y, weights=weights), 1e-6, 1 - 1e-6))
