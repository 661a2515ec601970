"""Fits, calibrates and evaluates a model on a training set.

Class imbalance needs no weights: log loss with an explicit `base_score` starts the trees at the true rate, so
margins are log-odds and nothing has to be corrected afterwards. Platt scaling on its own slice removes the
remaining miscalibration. A recipe may ask for another treatment: `imbalance.py`. Events that exploration let
through have weights: `dataset/selection.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.explain.prediction import predict_margin
from scoring.explain.xgboost_native import xgb
from scoring.learning.dataset.covered_days import covered_days
from scoring.learning.dataset.label_delay import Gap, gap_of
from scoring.learning.dataset.requirements import require_history, require_positives
from scoring.learning.dataset.selection import UnknownBlocks
from scoring.learning.dataset.split import DAY_US, TimeSlices, split_by_time
from scoring.learning.dataset.training_set import TrainingSet, select_rows
from scoring.learning.heads.training import Fitted, TrainedHead, train_heads
from scoring.learning.metrics.entities import entity_metrics
from scoring.learning.metrics.quality import all_metrics, f1_at, precision_and_recall_at
from scoring.learning.metrics.weighted_shares import effective_size, threshold_intervals
from scoring.learning.texts.fitting import fit_texts
from scoring.learning.training.cross_fitting import GrowOn, judge_earlier, rows_to_grow_on
from scoring.learning.training.features import check_features, monotone_parameters
from scoring.learning.training.growing import choose_rounds, grow_rows, rate_of
from scoring.learning.training.placement.devices import require_device
from scoring.learning.training.recipe import TrainingConfig
from scoring.learning.training.thresholds import choose_thresholds
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.registry.calibration import Calibration, fit_platt
from scoring.registry.feature_sets import find_feature_set
from scoring.registry.text_models import TextModel


@dataclass(frozen=True)
class Trained:
    """A fitted booster with its calibration, thresholds and metrics.

    `config`: the recipe. `grown_on`: the rows of the data that the trees were grown on; `held_out`: rows that
    the model has not seen, and `score` (float64[n]) its scores of them; `unknown_score` (float64[m]) those of
    the unknown blocks of the same time. `known_before` (bool[n]): held-out rows whose entity has an earlier
    positive event. `texts`: the text models that filled in features; `heads`: those of policies, and
    `without_head` why others have none.
    """

    config: TrainingConfig
    booster: xgb.Booster
    rounds: int
    base_rate: float
    calibration: Calibration
    thresholds: dict[str, float]
    medians: list[float | None]
    metrics: dict[str, Any]
    slices: TimeSlices
    gap: Gap
    grown_on: NDArray[np.intp]
    held_out: TrainingSet
    score: NDArray[np.float64]
    unknown_score: NDArray[np.float64]
    known_before: NDArray[np.bool_] | None = None
    texts: Sequence[TextModel] = ()
    heads: Mapping[str, TrainedHead] = field(default_factory=dict)
    without_head: Mapping[str, str] = field(default_factory=dict)


LEAF_SHARE, MIN_LEAF, MAX_LEAF = 0.02, 1.0, 5.0  # of the hessian, where resemblances are features


@dataclass(frozen=True)
class Prepared:
    """A training set that is ready to be fitted: cut into slices, its text features filled in.

    `test`: later rows to judge on, None for the test slice. `gap`: that between training and validation.
    `extra`: parameters of XGBoost that override those of a recipe. `rows`: of `data`, those on which trees
    are grown.
    """

    data: TrainingSet
    test: TrainingSet | None
    slices: TimeSlices
    gap: Gap
    rows: NDArray[np.intp]
    texts: Sequence[TextModel]
    extra: Mapping[str, Any]

    @cached_property
    def judged(self) -> TrainingSet:
        """The rows on which a model is measured."""
        return self.test if self.test is not None else self.data.take(self.slices.test)


def train_model(
    *,
    data: TrainingSet,
    config: TrainingConfig,
    test: TrainingSet | None = None,
    watch: ProgressReporter = NO_PROGRESS,
) -> Trained:
    """Fit, calibrate, choose thresholds, measure. Raises NotEnoughHistory, NotEnoughPositives.

    The number of trees is chosen on the validation slice after the gap; then the trees are grown again on the
    training, gap and validation rows together, because the newest fraud is the most informative. With `test`
    (later rows), no slice of `data` is reserved for testing. `watch` gets every round and may stop the run.
    """
    return fit_prepared(prepare(data=data, config=config, test=test, watch=watch), config=config, watch=watch)


def prepare(
    *,
    data: TrainingSet,
    config: TrainingConfig,
    test: TrainingSet | None = None,
    watch: ProgressReporter = NO_PROGRESS,
) -> Prepared:
    """Check, cut into slices and fit the text models.

    Raises NotEnoughHistory, NotEnoughPositives, InvalidTraining.
    """
    check_features(config, data.feature_names)
    require_device(config)
    require_history(data)
    shares = config.shares.without_test() if test is not None else config.shares
    gap = gap_of(shares, data)
    slices = split_by_time(
        occurred_at=data.occurred_at, y=data.y, shares=gap.within(shares), needs=config.needs
    )
    require_positives(data, slices, config.needs, with_test=test is None)
    rows = rows_to_grow_on(slices)
    texts = _fit_texts(data, rows, test=test, watch=watch)
    extra = parameters_for_texts(data, rows, texts) | monotone_parameters(config, data.feature_names)
    return Prepared(data, test, slices, gap, rows, texts, extra)


def fit_prepared(
    prepared: Prepared, *, config: TrainingConfig, watch: ProgressReporter = NO_PROGRESS
) -> Trained:
    """Fit, calibrate, choose thresholds, measure. The recipe's slices and features are those prepared."""
    data, slices, judged = prepared.data, prepared.slices, prepared.judged
    fit = partial(fit_slices, config=config, extra=prepared.extra, watch=watch)
    fitted = fit(data, slices)
    booster, calibration, thresholds = fitted.booster, fitted.calibration, fitted.thresholds
    heads, without_head = train_heads(data, slices, needs=config.needs, fit=fit, test=prepared.test)
    score = calibration.score(predict_margin(booster, judged.X))
    known = _known_before(prepared)
    return Trained(
        config=config,
        booster=booster,
        rounds=fitted.rounds,
        base_rate=fitted.base_rate,
        calibration=calibration,
        thresholds=thresholds,
        medians=column_medians(select_rows(data.X, prepared.rows)),
        metrics=measure(judged, score, thresholds, known=known)
        | {"slices": describe_slices(data, slices, prepared.test)},
        slices=slices,
        gap=prepared.gap,
        grown_on=prepared.rows,
        held_out=judged,
        score=score,
        unknown_score=_score_unknown(booster, calibration, judged.unknown),
        known_before=known,
        texts=prepared.texts,
        heads=heads,
        without_head=without_head,
    )


def _known_before(prepared: Prepared) -> NDArray[np.bool_]:
    """bool[n]: the judged rows whose entity has a positive event among the rows before them."""
    data = prepared.data
    everything = np.arange(len(data.y))
    earlier = everything if prepared.test is not None else np.setdiff1d(everything, prepared.slices.test)
    return np.isin(prepared.judged.groups, data.groups[earlier][data.y[earlier] == 1])


def fit_slices(
    data: TrainingSet,
    slices: TimeSlices,
    *,
    config: TrainingConfig,
    extra: Mapping[str, Any],
    watch: ProgressReporter = NO_PROGRESS,
) -> Fitted:
    """Choose the number of trees, grow them, calibrate and choose thresholds, each on its slices.

    `extra`: parameters of XGBoost that override those of `config`.
    """
    rounds = choose_rounds(data=data, slices=slices, config=config, extra=extra, watch=watch)
    grow_on = partial(grow_rows, data, rounds=rounds, config=config, extra=extra, watch=watch)
    booster, base_rate = grow_on(rows_to_grow_on(slices))
    calibration, thresholds = _calibrate(booster, data, slices, config, grow_on=grow_on)
    return Fitted(booster, rounds, base_rate, calibration, thresholds)


def parameters_for_texts(
    data: TrainingSet, rows: NDArray[np.intp], texts: Sequence[TextModel]
) -> dict[str, Any]:
    """What XGBoost needs to learn from resemblances with few labels; nothing without text models.

    Smaller leaves than usual while there are few labels: the text models have already averaged over n-grams.
    """
    if not texts:
        return {}
    rate = rate_of(data.y[rows])
    hessian = len(rows) * rate * (1 - rate)  # of all rows at the start
    return {"min_child_weight": float(np.clip(hessian * LEAF_SHARE, MIN_LEAF, MAX_LEAF))}


def _fit_texts(
    data: TrainingSet, rows: NDArray[np.intp], *, test: TrainingSet | None, watch: ProgressReporter
) -> tuple[TextModel, ...]:
    if not data.texts:
        return ()
    own = find_feature_set(data.event_type, data.vocabularies, data.feature_set)
    resemblances = own.resemblances if own else ()
    return fit_texts(data, rows, resemblances=resemblances, test=test, watch=watch)


def _score_unknown(
    booster: xgb.Booster, calibration: Calibration, unknown: UnknownBlocks | None
) -> NDArray[np.float64]:
    return calibration.score(predict_margin(booster, unknown.X)) if unknown else np.empty(0)


def measure(
    data: TrainingSet,
    score: NDArray,
    thresholds: Mapping[str, float],
    *,
    known: NDArray[np.bool_] | None = None,
) -> dict[str, Any]:
    """`all_metrics` of scores, those of entities, and precision, recall and F1 at both thresholds.

    "intervals": of precision and recall, see `threshold_intervals`. "effective_events" and
    "effective_positives": how many equally weighted events would tell as much.

    `known`: the rows whose entities were known to be positive before; None if that is not known.
    """
    y, weights, day = data.y, data.weights, data.occurred_at // DAY_US
    result: dict[str, Any] = all_metrics(y=y, score=score, day=day, weights=weights)
    result |= entity_metrics(y, score, day=day, entity=data.groups, known_before=known)
    for name, threshold in thresholds.items():
        precision, recall = precision_and_recall_at(y, score, threshold, weights)
        result |= {f"precision_at_{name}": precision, f"recall_at_{name}": recall}
        result[f"f1_at_{name}"] = f1_at(y, score, threshold, weights)
    counted = np.ones(len(y)) if weights is None else weights
    result |= {
        "effective_events": effective_size(counted),
        "effective_positives": effective_size(counted[y == 1]),
    }
    intervals = threshold_intervals(y, score, thresholds, weights=weights, groups=data.groups)
    known_values = {name: (None if np.isnan(value) else value) for name, value in result.items()}
    return known_values | {"intervals": intervals}


def column_medians(X: NDArray) -> list[float | None]:
    """Median of every column, ignoring NaN; None for a column that is all NaN."""
    return [None if np.isnan(column).all() else float(np.nanmedian(column)) for column in X.T]


def shuffle_labels(data: TrainingSet, *, seed: int) -> TrainingSet:
    """The same set with shuffled labels: whatever a model learns from it is leakage or noise."""
    generator = np.random.default_rng(seed)
    shuffled = generator.permutation(data.y)
    policies = {name: generator.permutation(broken) for name, broken in data.policies.items()}
    return replace(data, y=shuffled, policies=policies)


def describe_slices(
    data: TrainingSet, slices: TimeSlices, test: TrainingSet | None
) -> dict[str, dict[str, Any]]:
    """Rows, positives and time bounds of every slice, for the registry and the printed table."""
    described = {name: _describe(data, rows) for name, rows in vars(slices).items() if len(rows)}
    return described | ({"test": _describe(test, np.arange(len(test.y)))} if test is not None else {})


def _describe(data: TrainingSet, rows: NDArray[np.intp]) -> dict[str, Any]:
    times = data.occurred_at[rows]
    first, last = (str(np.datetime64(int(edge), "us")) + "Z" for edge in (times.min(), times.max()))
    return {
        "rows": len(rows),
        "positives": int(data.y[rows].sum()),
        "inferred": int(data.inferred[rows].sum()),
        "from": first,
        "to": last,
    }


def _calibrate(
    booster: xgb.Booster, data: TrainingSet, slices: TimeSlices, config: TrainingConfig, *, grow_on: GrowOn
) -> tuple[Calibration, dict[str, float]]:
    rows = slices.calibration
    margin, y, weights = (
        predict_margin(booster, select_rows(data.X, rows)),
        data.y[rows],
        data.weights_of(rows),
    )
    calibration = fit_platt(margin=margin, y=y, weights=weights)
    stated = dict(config.explicit_thresholds)
    thresholds = choose_thresholds(
        y=y,
        score=calibration.score(margin),
        days=covered_days(data.occurred_at[rows], among=data.occurred_at),
        policy=config.policy,
        stated=stated,
        weights=weights,
        unknown=_score_unknown(booster, calibration, data.unknown_during(rows)),
        earlier=None if "block" in stated else judge_earlier(data, slices, calibration, grow_on=grow_on),
    )
    return calibration, thresholds
