"""Treatments of class imbalance: what trees are grown on, and how margins stay those of all events."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from scoring.explain.xgboost_native import xgb
from scoring.learning.training.recipe import CLASS_WEIGHTS, DOWN_SAMPLING, FOCAL_LOSS, Imbalance

MIN_HESSIAN = 1e-16  # as in XGBoost's own log loss
MARGIN_LIMIT, HALVINGS = 30.0, 60  # of the search for the first margin of a focal loss

Objective = Callable[[NDArray, xgb.DMatrix], tuple[NDArray, NDArray]]
Metric = Callable[[NDArray, xgb.DMatrix], tuple[str, float]]


@dataclass(frozen=True)
class Treated:
    """What trees are grown on.

    `rows`: indexes of the rows, or None for all. `weights`: how often each of them counts, or None for once.
    `base_score`: the probability from which margins start. `shift`: by how much the log-odds of these rows,
    with these weights, exceed those of all rows; trees start from the shifted margin, and a stored booster
    without it gives the log-odds of all rows.
    """

    rows: NDArray[np.intp] | None
    weights: NDArray[np.float64] | None
    base_score: float
    shift: float = 0.0

    @property
    def first_margin(self) -> float:
        """The margin before the first tree, shift included."""
        return float(np.log(self.base_score / (1 - self.base_score))) + self.shift


def treat(
    imbalance: Imbalance, *, y: NDArray, weights: NDArray | None, base_rate: float, seed: int
) -> Treated:
    """The treatment of rows in time order. `base_rate`: their share of positives, weights included."""
    if imbalance.treatment == CLASS_WEIGHTS:
        weight = imbalance.positive_weight or (1 - base_rate) / base_rate
        return Treated(None, class_weights(y, weights, weight), base_rate, float(np.log(weight)))
    if imbalance.treatment == DOWN_SAMPLING:
        return _down_sample(imbalance, y=y, weights=weights, base_rate=base_rate, seed=seed)
    if imbalance.treatment == FOCAL_LOSS:
        return Treated(None, weights, focal_base_score(base_rate, imbalance.focal_gamma))
    return Treated(None, weights, base_rate)


def class_weights(y: NDArray, weights: NDArray | None, positive_weight: float) -> NDArray[np.float64]:
    """float64[n]: the weights, those of positives times `positive_weight`."""
    ones = np.ones(len(y)) if weights is None else weights
    return np.asarray(np.where(y > 0, positive_weight, 1.0) * ones)


def sample_negatives(y: NDArray, *, per_positive: float, seed: int) -> NDArray[np.intp]:
    """The rows of all positives and of `per_positive` times as many negatives, in order; or all rows.

    Negatives are split into equal runs in time order, and one of each run is drawn, so that every period
    keeps its share.
    """
    negatives = np.flatnonzero(y == 0)
    wanted = round(per_positive * (len(y) - len(negatives)))
    if wanted >= len(negatives):
        return np.arange(len(y))
    edges = np.linspace(0, len(negatives), wanted + 1).astype(np.intp)
    drawn = negatives[np.random.default_rng(seed).integers(edges[:-1], edges[1:])]
    return np.sort(np.concatenate([np.flatnonzero(y > 0), drawn]))


def _down_sample(
    imbalance: Imbalance, *, y: NDArray, weights: NDArray | None, base_rate: float, seed: int
) -> Treated:
    """A sample with beta of the negatives; p = beta p_s / (beta p_s - p_s + 1) (Dal Pozzolo et al. 2015).

    In log-odds that is a shift by log(beta).
    """
    rows = sample_negatives(y, per_positive=imbalance.negatives_per_positive, seed=seed)
    counts = np.ones(len(y)) if weights is None else weights
    beta = counts[rows][y[rows] == 0].sum() / counts[y == 0].sum() if (y == 0).any() else 1.0
    kept = None if weights is None else weights[rows]
    return Treated(rows, kept, base_rate, -float(np.log(beta)))


def focal_loss(y: NDArray, margin: NDArray, gamma: float) -> NDArray[np.float64]:
    """-(1 - p_t)^gamma log(p_t), float64[n]; p_t: probability of the true class (Lin et al. 2017)."""
    z = _towards_truth(y, margin)
    return np.asarray(_wrong(z) ** gamma * np.logaddexp(0, -z))


def focal_derivatives(
    y: NDArray, margin: NDArray, gamma: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First and second derivative of `focal_loss` by the margin, float64[n]; the second may be negative."""
    z = _towards_truth(y, margin)
    wrong, log_right = _wrong(z), -np.logaddexp(0, -z)
    right = 1 - wrong
    inner = gamma * right * log_right - wrong
    first = wrong**gamma * inner
    second = wrong**gamma * right * (wrong * (gamma * log_right + gamma + 1) - gamma * inner)
    return np.where(y > 0, first, -first), second


def focal_base_score(base_rate: float, gamma: float) -> float:
    """The probability with the lowest mean focal loss among rows of this share of positives.

    >>> round(focal_base_score(0.01, 0.0), 6)
    0.01
    """
    y, shares = np.array([1, 0]), np.array([base_rate, 1 - base_rate])
    low, high = -MARGIN_LIMIT, MARGIN_LIMIT
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        slope = float(shares @ focal_derivatives(y, np.full(2, middle), gamma)[0])
        low, high = (middle, high) if slope < 0 else (low, middle)
    return float(1 / (1 + np.exp(-low)))


def objective_of(imbalance: Imbalance) -> Objective | None:
    """What XGBoost minimizes instead of log loss; None for log loss."""
    return partial(_focal_objective, imbalance.focal_gamma) if imbalance.treatment == FOCAL_LOSS else None


def metric_of(imbalance: Imbalance) -> Metric | None:
    """What stops the growing instead of log loss: the loss that is minimized; None for log loss."""
    return partial(_focal_metric, imbalance.focal_gamma) if imbalance.treatment == FOCAL_LOSS else None


def _focal_objective(gamma: float, margin: NDArray, matrix: xgb.DMatrix) -> tuple[NDArray, NDArray]:
    weights = _weights_of(matrix)
    first, second = focal_derivatives(matrix.get_label(), margin.astype(np.float64), gamma)
    return first * weights, np.maximum(second, MIN_HESSIAN) * weights


def _focal_metric(gamma: float, margin: NDArray, matrix: xgb.DMatrix) -> tuple[str, float]:
    loss = focal_loss(matrix.get_label(), margin.astype(np.float64), gamma)
    return "focal", float(np.average(loss, weights=_weights_of(matrix)))


def _weights_of(matrix: xgb.DMatrix) -> NDArray:
    weights = matrix.get_weight()
    return weights if len(weights) else np.ones(matrix.num_row(), dtype=np.float32)


def _towards_truth(y: NDArray, margin: NDArray) -> NDArray:
    return np.where(y > 0, margin, -margin)


def _wrong(z: NDArray) -> NDArray:
    """1 - sigmoid(z), without overflow."""
    return np.exp(-np.logaddexp(0, z))
