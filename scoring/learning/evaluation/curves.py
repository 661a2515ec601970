"""Curves of scores against labels (1 = positive), thinned to what a plot can show."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.learning.evaluation.metrics import rank_scores

MOST_POINTS = 150
CALIBRATION_BINS = 15  # those of the calibration error, so that figure and plot say the same

Points = list[list[float]]


def describe_curves(y: NDArray, score: NDArray) -> dict[str, Any]:
    """{"roc", "pr", "calibration"} as lists of points; see the functions of those names."""
    return {
        "roc": roc_curve(y, score),
        "pr": precision_recall_curve(y, score),
        "calibration": calibration_curve(y, score),
    }


def roc_curve(y: NDArray, score: NDArray) -> Points:
    """[false positive rate, recall] from (0, 0) to (1, 1) as the threshold falls; tied scores enter together.

    Empty where one of the classes is missing.
    """
    hits, alarms = _counts_by_threshold(y, score)
    misses = alarms - hits
    if not len(hits) or hits[-1] == 0 or misses[-1] == 0:
        return []
    return _thin(np.append(0.0, misses / misses[-1]), np.append(0.0, hits / hits[-1]))


def precision_recall_curve(y: NDArray, score: NDArray) -> Points:
    """[recall, precision] from the highest threshold down; empty without positives."""
    hits, alarms = _counts_by_threshold(y, score)
    if not len(hits) or hits[-1] == 0:
        return []
    return _thin(hits / hits[-1], hits / alarms)


def calibration_curve(y: NDArray, probability: NDArray, bins: int = CALIBRATION_BINS) -> Points:
    """[mean probability, observed rate, rows] of each bin of equal width that holds rows."""
    probability = np.asarray(probability, dtype=np.float64)
    place = np.clip((probability * bins).astype(np.int64), 0, bins - 1)
    rows = np.bincount(place, minlength=bins)
    said = np.bincount(place, weights=probability, minlength=bins)
    happened = np.bincount(place, weights=np.asarray(y, dtype=np.float64), minlength=bins)
    held = np.flatnonzero(rows)
    return [[float(said[b] / rows[b]), float(happened[b] / rows[b]), int(rows[b])] for b in held]


def _counts_by_threshold(y: NDArray, score: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positives, and rows, at or above each distinct score, from the highest down."""
    ranking = rank_scores(score)
    hits = np.cumsum(np.asarray(y, dtype=np.float64)[ranking.order])[ranking.tie_ends]
    return hits, (ranking.tie_ends + 1).astype(np.float64)


def _thin(x: NDArray[np.float64], y: NDArray[np.float64]) -> Points:
    """At most MOST_POINTS of the points, both ends among them, evenly spaced along the line."""
    walked = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    if len(x) > MOST_POINTS:
        stops = np.linspace(0.0, walked[-1], MOST_POINTS)
        kept = np.unique(np.append(np.searchsorted(walked, stops[:-1]), len(x) - 1))
    else:
        kept = np.arange(len(x))
    return [[float(x[k]), float(y[k])] for k in kept]
