"""Curves of scores against labels (1 = positive), thinned to what a plot can show."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sklearn_metrics

from scoring.learning.metrics.quality import has_both_classes

MAX_POINTS = 150
CALIBRATION_BINS = 15  # as in the calibration error, so that metric and plot agree

Points = list[list[float]]


def describe_curves(y: NDArray, score: NDArray, weights: NDArray | None = None) -> dict[str, Any]:
    """{"roc", "pr", "calibration"} as lists of points; see the functions of those names.

    `weights`: how often each row counts, None for once.
    """
    return {
        "roc": roc_curve(y, score, weights),
        "pr": precision_recall_curve(y, score, weights),
        "calibration": calibration_curve(y, score, weights=weights),
    }


def roc_curve(y: NDArray, score: NDArray, weights: NDArray | None = None) -> Points:
    """[false positive rate, recall] from (0, 0) to (1, 1) as the threshold falls; tied scores enter together.

    Empty unless both classes are present.
    """
    if not has_both_classes(y):
        return []
    false_positive_rate, recall, _ = sklearn_metrics.roc_curve(
        y, score, sample_weight=weights, drop_intermediate=False
    )
    return _thin(false_positive_rate, recall)


def precision_recall_curve(y: NDArray, score: NDArray, weights: NDArray | None = None) -> Points:
    """[recall, precision] from the highest threshold down; empty without positives."""
    if not np.any(y):
        return []
    precision, recall, thresholds = sklearn_metrics.precision_recall_curve(y, score, sample_weight=weights)
    falling = slice(len(thresholds) - 1, None, -1)  # without the point (0, 1) that no threshold has
    return _thin(recall[falling], precision[falling])


def calibration_curve(
    y: NDArray, probability: NDArray, bins: int = CALIBRATION_BINS, *, weights: NDArray | None = None
) -> Points:
    """[mean probability, observed rate, rows] of each non-empty bin of equal width.

    scikit-learn's curve has neither the rows nor these bins (its bins exclude their lower edge).
    """
    probability = np.asarray(probability, dtype=np.float64)
    bin_of_row = np.clip((probability * bins).astype(np.int64), 0, bins - 1)
    counted = np.ones(len(probability)) if weights is None else weights
    rows = np.bincount(bin_of_row, minlength=bins)
    total = np.bincount(bin_of_row, weights=counted, minlength=bins)
    predicted = np.bincount(bin_of_row, weights=counted * probability, minlength=bins)
    observed = np.bincount(bin_of_row, weights=counted * np.asarray(y, dtype=np.float64), minlength=bins)
    filled = np.flatnonzero(rows)
    return [[float(predicted[b] / total[b]), float(observed[b] / total[b]), int(rows[b])] for b in filled]


def _thin(x: NDArray[np.float64], y: NDArray[np.float64]) -> Points:
    """At most MAX_POINTS of the points, including both ends, evenly spaced along the line."""
    traveled = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    if len(x) > MAX_POINTS:
        stops = np.linspace(0.0, traveled[-1], MAX_POINTS)
        kept = np.unique(np.append(np.searchsorted(traveled, stops[:-1]), len(x) - 1))
    else:
        kept = np.arange(len(x))
    return [[float(x[k]), float(y[k])] for k in kept]
