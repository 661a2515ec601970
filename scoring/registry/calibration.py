"""Platt scaling of margins to probabilities, which keeps the order and the additivity of the margin."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Calibration:
    """score = sigmoid(slope * margin + intercept), slope > 0.

    A contribution to the margin is therefore multiplied by `slope` in the log-odds of the score.
    """

    slope: float
    intercept: float

    def score(self, margin: NDArray) -> NDArray[np.float64]:
        """Probabilities, float64, of margins of any shape."""
        return sigmoid(self.slope * np.asarray(margin, dtype=np.float64) + self.intercept)


def sigmoid(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + exp(-x)), without overflow at either end."""
    small = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0, 1.0, small) / (1.0 + small)


def fit_platt(
    *, margin: NDArray, y: NDArray, weights: NDArray | None = None, steps: int = 100
) -> Calibration:
    """Slope and intercept that minimize log loss, by damped Newton steps.

    Targets are smoothed as in Platt (1999) / Lin et al. (2007). `weights`: how often each row counts, None
    for once.

    If the best slope is <= 0 (margins that rank no better than chance), only the intercept is fitted,
    with a slope of 1, so that a higher margin always means a higher score. Rows of one class alone, as in a
    wave of spam, would only say that all is positive: margins then keep their meaning, which is log-odds.
    """
    margin, y = np.asarray(margin, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if not 0 < (y > 0).sum() < len(y):
        return Calibration(1.0, 0.0)
    counted = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
    positives, negatives = (counted * y).sum(), (counted * (1 - y)).sum()
    target = np.where(y > 0, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    slope, intercept = _newton(margin, target, counted, steps)
    if not slope > 0:
        slope, intercept = 1.0, _newton_intercept(margin, target, counted, steps)
    return Calibration(float(slope), float(intercept))


def _loss(margin: NDArray, target: NDArray, counted: NDArray, slope: float, intercept: float) -> float:
    log_odds = slope * margin + intercept
    return float(np.sum(counted * (np.logaddexp(0.0, log_odds) - target * log_odds)))


def _newton(margin: NDArray, target: NDArray, counted: NDArray, steps: int) -> tuple[float, float]:
    slope, intercept = 1.0, 0.0
    loss = _loss(margin, target, counted, slope, intercept)
    design = np.column_stack([margin, np.ones_like(margin)])
    for _ in range(steps):
        p = sigmoid(slope * margin + intercept)
        gradient = design.T @ (counted * (p - target))
        hessian = (design * (counted * p * (1 - p))[:, None]).T @ design + 1e-12 * np.eye(2)
        move = np.linalg.solve(hessian, gradient)
        scale = 1.0
        while (
            tried := _loss(margin, target, counted, slope - scale * move[0], intercept - scale * move[1])
        ) > loss and scale > 1e-10:
            scale /= 2
        slope, intercept = slope - scale * move[0], intercept - scale * move[1]
        if loss - tried < 1e-10:
            break
        loss = tried
    return slope, intercept


def _newton_intercept(margin: NDArray, target: NDArray, counted: NDArray, steps: int) -> float:
    low, high = -50.0, 50.0
    wanted = (counted * target).sum()
    for _ in range(steps):
        middle = (low + high) / 2
        too_high = (counted * sigmoid(margin + middle)).sum() > wanted
        low, high = (low, middle) if too_high else (middle, high)
    return (low + high) / 2
