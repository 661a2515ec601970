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
from scoring.learning.training.placement.cluster import train_on_cluster
from scoring.learning.training.placement.matrices import Rows, matrix_of
from scoring.learning.training.recipe import CLASS_WEIGHTS, CLUSTER, CPU, TrainingConfig
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
    if config.placement == CLUSTER:
        rows, held, treated = _train_and_validation(data, slices, config)
        parameters = booster_parameters(config, base_rate=treated.base_score) | dict(extra)
        booster = train_on_cluster(parameters, rows, config.trees, config=config, validation=held)
        watch.advance(config.trees)
    else:
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
    rows, held, treated = _train_and_validation(data, slices, config)
    train = matrix_of(rows, config=config)
    validation = matrix_of(held, config=config, reference=train)
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


def _train_and_validation(
    data: TrainingSet, slices: TimeSlices, config: TrainingConfig
) -> tuple[Rows, Rows, Treated]:
    rows = slices.train
    X = without_left_out(select_rows(data.X, rows), config=config, names=data.feature_names)
    train, treated = _treated_rows(X, data.y[rows], data.weights_of(rows), config=config)
    return train, _validation_rows(data, slices.validation, treated, config=config), treated


def _treated_rows(
    X: NDArray, y: NDArray, weights: NDArray | None, *, config: TrainingConfig
) -> tuple[Rows, Treated]:
    """The rows after the recipe's treatment of imbalance, which start from its margin."""
    base_rate = rate_of(y, weights)
    treated = treat(config.imbalance, y=y, weights=weights, base_rate=base_rate, seed=config.seed)
    if treated.rows is not None:
        X, y = select_rows(X, treated.rows), y[treated.rows]
    return Rows(X, y, treated.weights, treated.first_margin if treated.shift else None), treated


def _validation_rows(
    data: TrainingSet, rows: NDArray[np.intp], treated: Treated, *, config: TrainingConfig
) -> Rows:
    X, y, weights = select_rows(data.X, rows), data.y[rows], data.weights_of(rows)
    if config.imbalance.treatment != CLASS_WEIGHTS:
        return Rows(X, y, weights)
    return Rows(X, y, class_weights(y, weights, float(np.exp(treated.shift))), treated.first_margin)


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
    rows, treated = _treated_rows(X, y, weights, config=config)
    parameters = booster_parameters(config, base_rate=treated.base_score) | dict(extra)
    watch.begin("growing the trees", total=rounds)
    if config.placement == CLUSTER:
        booster = train_on_cluster(parameters, rows, rounds, config=config)
        watch.advance(rounds)
    else:
        booster = xgb.train(
            parameters,
            matrix_of(rows, config=config),
            rounds,
            obj=objective_of(config.imbalance),
            callbacks=[RoundCallback(lambda *_: watch.advance(1))],
        )
    booster.set_param({"device": CPU})  # where it predicts
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
        "device": config.device,
    }


def rate_of(y: NDArray, weights: NDArray | None = None) -> float:
    """Share of positives, clipped away from 0 and 1, where log-odds are infinite."""
    return float(np.clip(np.mean(y) if weights is None else np.average(y, weights=weights), 1e-6, 1 - 1e-6))
