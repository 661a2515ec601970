"""95 % intervals of stored metrics: those stored with the version, else from the counts of events.

Those from counts take events for independent. Where one entity has several positive events, the truth is
wider.
"""

import math
from collections.abc import Mapping
from typing import Any

from scipy.special import expit, logit, ndtri

from scoring.intervals import wilson_interval

Bounds = tuple[float, float] | None
Z = float(ndtri(0.975))


def metric_interval(key: str, metrics: Mapping[str, Any]) -> Bounds:
    """(low, high) of a metric of `ModelVersion.metrics`; None where its counts are not stored."""
    if stored := metrics.get("intervals", {}).get(key):
        return stored["low"], stored["high"]
    return _from_counts(key, metrics)


def _from_counts(key: str, metrics: Mapping[str, Any]) -> Bounds:
    value, rows, positives = metrics.get(key), *_counts(metrics)
    if value is None or not rows or not positives:
        return None
    if key == "average_precision":
        return average_precision_interval(value, positives=positives)
    if key == "roc_auc":
        return auc_interval(value, positives=positives, negatives=rows - positives)
    if key.startswith("recall_at_"):
        return wilson_interval(value * positives, positives)
    if key in ("precision_at_review", "precision_at_block"):
        return _precision_interval(value, metrics.get(key.replace("precision", "recall")), positives)
    return None


def _counts(metrics: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Events and positives, or how many equally weighted ones would tell as much."""
    rows, positives = metrics.get("rows"), metrics.get("positives")
    return metrics.get("effective_events", rows), metrics.get("effective_positives", positives)


def _precision_interval(precision: float, recall: float | None, positives: float) -> Bounds:
    """Of alarms, whose number follows from the hits; without a hit it is not stored."""
    hits = (recall or 0.0) * positives
    return wilson_interval(hits, hits / precision) if hits and precision else None


def average_precision_interval(value: float, *, positives: float) -> Bounds:
    """The logit interval (Boyd, Eng & Page, ECML PKDD 2013, section 3.2); None at 0 and 1, where it has none.

    >>> low, high = average_precision_interval(0.5, positives=100)
    >>> f"{low:.3f} {high:.3f}"
    '0.403 0.597'
    """
    if not 0 < value < 1 or positives <= 0:
        return None
    half = Z / math.sqrt(positives * value * (1 - value))
    return float(expit(logit(value) - half)), float(expit(logit(value) + half))


def auc_interval(value: float, *, positives: float, negatives: float) -> Bounds:
    """The normal interval with the standard error of Hanley & McNeil (Radiology 143, 1982), within [0, 1]."""
    if positives <= 0 or negatives <= 0:
        return None
    half = Z * auc_standard_error(value, positives=positives, negatives=negatives)
    return max(value - half, 0.0), min(value + half, 1.0)


def auc_standard_error(value: float, *, positives: float, negatives: float) -> float:
    """Of an area under the ROC curve, from the area and the number of events of both classes.

    >>> f"{auc_standard_error(0.893, positives=51, negatives=58):.3f}"
    '0.033'
    """
    both_positive, both_negative = value / (2 - value), 2 * value**2 / (1 + value)
    variance = value * (1 - value)
    variance += (positives - 1) * (both_positive - value**2) + (negatives - 1) * (both_negative - value**2)
    return math.sqrt(max(variance, 0.0) / (positives * negatives))
