"""Quality of scores: pure functions of labels (1 = positive) and scores (higher = more suspicious).

The standard metrics are scikit-learn's, with a defined answer where scikit-learn would warn or raise.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    confusion_matrix_at_thresholds,
    roc_auc_score,
)

from scoring.learning.metrics.ranking import ndcg_at_daily_capacity

NAN = float("nan")
CAPACITY = 100  # events, or entities, that people look at in a day


def roc_auc(y: NDArray, score: NDArray, weights: NDArray | None = None) -> float:
    """Area under the ROC curve; ties count half. NaN unless both classes are present."""
    return float(roc_auc_score(y, score, sample_weight=weights)) if has_both_classes(y) else NAN


def average_precision(y: NDArray, score: NDArray, weights: NDArray | None = None) -> float:
    """Average precision; tied scores enter together. NaN without positives."""
    return float(average_precision_score(y, score, sample_weight=weights)) if np.any(y) else NAN


def brier_score(y: NDArray, probability: NDArray, weights: NDArray | None = None) -> float:
    """Mean squared difference between probability and label (Brier 1950)."""
    return float(brier_score_loss(y, probability, pos_label=1, sample_weight=weights))


def has_both_classes(y: NDArray) -> bool:
    return bool(np.any(y) and not np.all(y))


def recall_at_false_positive_rate(
    y: NDArray, score: NDArray, rate: float = 0.01, weights: NDArray | None = None
) -> float:
    """Highest recall of any threshold that flags at most `rate` of the negatives.

    NaN unless both classes are present.
    """
    if not has_both_classes(y):
        return NAN
    _, false_positives, _, true_positives, _ = confusion_matrix_at_thresholds(y, score, sample_weight=weights)
    allowed = false_positives <= rate * false_positives[-1]
    return float(true_positives[allowed].max() / true_positives[-1]) if allowed.any() else 0.0


def precision_at_daily_capacity(
    y: NDArray, score: NDArray, day: NDArray, capacity: int = 100, weights: NDArray | None = None
) -> float:
    """Share of positives among the `capacity` highest scores of every day, all days pooled.

    `day` is any integer that identifies the row's day. A day with fewer rows counts in full; ties keep the
    given order. A row of weight w takes w places.
    """
    order = np.lexsort((-np.asarray(score, dtype=np.float64), day))
    days, counted = np.asarray(day)[order], _counted(y, weights)[order]
    first_of_day = np.flatnonzero(np.append(True, days[1:] != days[:-1]))
    sizes = np.diff(np.append(first_of_day, len(days)))
    before = np.cumsum(counted) - counted
    rank = before - np.repeat(before[first_of_day], sizes)
    return _mean(np.asarray(y, dtype=np.float64)[order], np.clip(capacity - rank, 0, counted))


def expected_calibration_error(
    y: NDArray, probability: NDArray, bins: int = 15, weights: NDArray | None = None
) -> float:
    """Mean over rows of |observed rate - mean probability| of their bin; equal widths (Guo et al. 2017)."""
    probability, counted = np.asarray(probability, dtype=np.float64), _counted(y, weights)
    bin_of_row = np.clip((probability * bins).astype(np.int64), 0, bins - 1)
    labels = np.asarray(y, dtype=np.float64)
    observed = np.bincount(bin_of_row, weights=counted * labels, minlength=bins)
    predicted = np.bincount(bin_of_row, weights=counted * probability, minlength=bins)
    return float(np.abs(observed - predicted).sum() / counted.sum())


def precision_and_recall_at(
    y: NDArray, score: NDArray, threshold: float, weights: NDArray | None = None
) -> tuple[float, float]:
    """Precision and recall of flagging every score >= `threshold`; NaN where the denominator is 0."""
    flagged, counted = np.asarray(score) >= threshold, _counted(y, weights)
    labels = counted * np.asarray(y, dtype=np.float64)
    hits, positives = float(labels[flagged].sum()), float(labels.sum())
    precision = hits / counted[flagged].sum() if flagged.any() else NAN
    return float(precision), (hits / positives if positives else NAN)


def f1_at(y: NDArray, score: NDArray, threshold: float, weights: NDArray | None = None) -> float:
    """F1 of flagging every score >= `threshold`, the harmonic mean of precision and recall.

    0 if nothing is flagged, NaN without positives.
    """
    flagged, counted = np.asarray(score) >= threshold, _counted(y, weights)
    labels = counted * np.asarray(y, dtype=np.float64)
    positives = float(labels.sum())
    return float(2 * labels[flagged].sum() / (counted[flagged].sum() + positives)) if positives else NAN


def best_f1(y: NDArray, score: NDArray, weights: NDArray | None = None) -> float:
    """The highest F1 of any threshold; NaN without positives.

    The threshold is chosen on these rows, so it is an upper bound of what a chosen one reaches.
    """
    if not np.any(y):
        return NAN
    _, false_positives, _, hits, _ = confusion_matrix_at_thresholds(y, score, sample_weight=weights)
    positives = float((_counted(y, weights) * np.asarray(y, dtype=np.float64)).sum())
    return float(np.max(2 * hits / (hits + false_positives + positives)))


def all_metrics(
    *,
    y: NDArray,
    score: NDArray,
    day: NDArray,
    daily_capacity: int = CAPACITY,
    weights: NDArray | None = None,
) -> dict[str, float]:
    """The metrics that every model version is judged by; `score` must be a probability.

    `weights`: how often each row counts, None for once; "rows" and "positives" are counts of rows all the
    same.
    """
    return {
        "rows": float(len(y)),
        "positives": float(np.sum(y)),
        "base_rate": _mean(y, _counted(y, weights)),
        "roc_auc": roc_auc(y, score, weights),
        "average_precision": average_precision(y, score, weights),
        f"precision_at_{daily_capacity}_a_day": precision_at_daily_capacity(
            y, score, day, daily_capacity, weights
        ),
        f"ndcg_at_{daily_capacity}_a_day": ndcg_at_daily_capacity(y, score, day, daily_capacity, weights),
        "best_f1": best_f1(y, score, weights),
        "recall_at_0.1pct_false_positives": recall_at_false_positive_rate(y, score, 0.001, weights),
        "recall_at_1pct_false_positives": recall_at_false_positive_rate(y, score, 0.01, weights),
        "brier": brier_score(y, score, weights),
        "calibration_error": expected_calibration_error(y, score, weights=weights),
    }


def _counted(y: NDArray, weights: NDArray | None) -> NDArray[np.float64]:
    """How often each row counts."""
    return np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)


def _mean(values: NDArray, counted: NDArray[np.float64]) -> float:
    return float(np.average(values, weights=counted))
