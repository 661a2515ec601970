"""A world with known truth, in which a deciding model blocks events and so hides what they were.

Three kinds of fraud, each in a corner of the features. A model is trained on a period in which all outcomes
are seen. It decides the next two: what it blocks has no outcome, but for the share that exploration lets
through. Models are trained anew on what is seen of the second period, measured on what is seen of the third,
and compared with the truth of many later events. Data are drawn by numpy; all else is the product's own code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import nan

import numpy as np
from numpy.typing import NDArray

from scoring.explain.prediction import predict_margin
from scoring.learning.dataset.selection import SelectionHistory
from scoring.learning.dataset.training_set import LabelHistory, TrainingSet, VectorTable, join_labels
from scoring.learning.metrics.quality import average_precision
from scoring.learning.metrics.weighted_shares import threshold_intervals
from scoring.learning.training.fit import Trained, train_model
from scoring.learning.training.recipe import TrainingConfig
from scoring.timestamps import to_micros

START, DAY = datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=1)
DAY_US = 86_400_000_000
PERIOD_DAYS, EVENTS, LATER_EVENTS, ENTITIES = 60, 12_000, 60_000, 1_500
SHARE = 0.2  # of would-be blocks, let through by exploration
FEATURES = ("first", "second", "third", "fourth", "noise")
RECIPE = TrainingConfig(trees=60, depth=3, threads=1, explicit_thresholds=(("block", 0.6), ("review", 0.1)))
MODELS = {
    "first": "trained when all outcomes were seen",
    "hidden": "trained anew without exploration",
    "unweighted": "trained anew with exploration, each event counted once",
    "weighted": "trained anew with exploration and weights",
    "all": "trained anew on all outcomes, which nobody has",
}

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class World:
    """Events of a period in order of time. X float32[n, 5]; fraud bool[n]: what each truly is."""

    X: NDArray[np.float32]
    fraud: Bools
    times: NDArray[np.int64]
    entities: NDArray[np.int64]


@dataclass(frozen=True)
class Coverage:
    """A metric with its truth, and whether the weighted and the unweighted interval cover it."""

    truth: float
    estimate: float
    covered: bool
    covered_unweighted: bool


@dataclass(frozen=True)
class WorldResult:
    """`average_precision` of each of MODELS on later events; `coverage` of the weighted model's metrics."""

    average_precision: Mapping[str, float]
    coverage: Mapping[str, Coverage]
    blocked: int
    explored: int


def run_world(seed: int, *, models: tuple[str, ...] = tuple(MODELS)) -> WorldResult:
    """One world: `models` besides "first" and "weighted" are trained if they are named."""
    rng = np.random.default_rng(seed)
    past, recent, newest = (draw_world(rng, events=EVENTS, period=period) for period in range(3))
    later = draw_world(rng, events=LATER_EVENTS, period=3)
    first = train_model(data=everything(past), config=RECIPE)
    blocked = is_blocked(first, recent)
    explored = blocked & (rng.random(EVENTS) < SHARE)
    sets = {
        "hidden": seen(recent, blocked=blocked, explored=blocked & False),
        "unweighted": seen(recent, blocked=blocked, explored=explored, share=1.0),
        "weighted": seen(recent, blocked=blocked, explored=explored, share=SHARE),
        "all": everything(recent),
    }
    trained = {"first": first}
    trained |= {
        name: train_model(data=data, config=RECIPE)
        for name, data in sets.items()
        if name in (*models, "weighted")
    }
    quality = {
        name: average_precision(later.fraud.astype(int), score_of(model, later))
        for name, model in trained.items()
    }
    blocked_now = is_blocked(first, newest)
    explored_now = blocked_now & (rng.random(EVENTS) < SHARE)
    judged = seen(newest, blocked=blocked_now, explored=explored_now, share=SHARE)
    coverage = _coverage(trained["weighted"], judged, later)
    return WorldResult(quality, coverage, int(blocked.sum()), int(explored.sum()))


def draw_world(rng: np.random.Generator, *, events: int, period: int) -> World:
    """`events` of a period, each with its truth."""
    X = rng.normal(size=(events, len(FEATURES))).astype(np.float32)
    fraud = rng.random(events) < fraud_probability(X)
    start = to_micros(START + period * PERIOD_DAYS * DAY)
    times = start + np.sort(rng.integers(0, PERIOD_DAYS * DAY_US, events))
    return World(X, fraud, times, rng.integers(0, ENTITIES, events))


def fraud_probability(X: NDArray) -> NDArray[np.float64]:
    """The true probability of each event, float64[n]: two obvious kinds of fraud, a subtle one, the rest."""
    obvious, other = 6.0 * (X[:, 0] - 2.1), 6.0 * (X[:, 1] - 2.2)
    subtle = 3.0 * (X[:, 2] * X[:, 3] - 2.6)
    log_odds = np.logaddexp(np.logaddexp(obvious, other), subtle) - 0.7
    return np.where(log_odds > -2.0, 1 / (1 + np.exp(-np.clip(log_odds, -30, 30))), 0.004)


def seen(world: World, *, blocked: Bools, explored: Bools, share: float = 1.0) -> TrainingSet:
    """What the product joins: the outcomes of `blocked` events are hidden, but for `explored` ones.

    Fraud is labeled a day later. What has no label is an inferred negative, or unknown if it was blocked.
    """
    hidden = blocked & ~explored
    labeled, decided = np.flatnonzero(world.fraud & ~hidden), np.flatnonzero(blocked)
    labels = LabelHistory(labeled, world.times[labeled] + DAY_US, np.ones(len(labeled), dtype=np.int8))
    selection = SelectionHistory(
        rows=decided,
        decided_at=world.times[decided],
        blocked=hidden[decided],
        weights=np.where(explored[decided], 1 / share, 1.0),
    )
    vectors = VectorTable(
        event_type="payment",
        feature_names=FEATURES,
        feature_set="f" * 64,
        X=world.X,
        occurred_at=world.times,
        positions=np.arange(len(world.times)),
        groups=world.entities,
        vocabularies={},
    )
    as_of = START + timedelta(microseconds=int(world.times[-1]) - to_micros(START)) + DAY
    return join_labels(vectors=vectors, labels=labels, as_of=as_of, matures_after=DAY, selection=selection)


def everything(world: World) -> TrainingSet:
    """The set in which nothing is hidden."""
    nothing = np.zeros(len(world.fraud), dtype=bool)
    return seen(world, blocked=nothing, explored=nothing)


def score_of(model: Trained, world: World) -> NDArray[np.float64]:
    """The calibrated scores of a world's events."""
    return model.calibration.score(predict_margin(model.booster, world.X))


def is_blocked(model: Trained, world: World) -> Bools:
    """The events that the model would block."""
    return score_of(model, world) >= model.thresholds["block"]


def _coverage(model: Trained, judged: TrainingSet, later: World) -> dict[str, Coverage]:
    score = model.calibration.score(predict_margin(model.booster, judged.X))
    found, plain = (
        threshold_intervals(judged.y, score, model.thresholds, weights=weights, groups=judged.groups)
        for weights in (judged.weights, None)
    )
    true = _truth(model, later)
    return {
        key: Coverage(
            true[key],
            each["estimate"],
            each["low"] <= true[key] <= each["high"],
            plain[key]["low"] <= true[key] <= plain[key]["high"],
        )
        for key, each in found.items()
    }


def _truth(model: Trained, later: World) -> dict[str, float]:
    """Precision and recall by the true probabilities of later events, not by their outcomes."""
    score, probability, true = score_of(model, later), fraud_probability(later.X), {}
    for name, threshold in model.thresholds.items():
        flagged = score >= threshold
        true[f"precision_at_{name}"] = float(probability[flagged].mean()) if flagged.any() else nan
        true[f"recall_at_{name}"] = float(probability[flagged].sum() / probability.sum())
    return true
