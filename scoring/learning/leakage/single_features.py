"""Features that alone are too good to be true: they probably know the label.

Each feature is judged by itself. Its values are put into bins, and each bin gets the share of positives among
its events of the older half (half of the positives). The events of the newer half are ranked by these shares.
So a code, a missing value or a range in the middle can tell as much as a large number, and chance cannot.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.learning.dataset.training_set import TrainingSet

MAX_AVERAGE_PRECISION, MAX_ROC_AUC = 0.95, 0.99  # both must be exceeded
MIN_POSITIVES = 50  # in each half; with fewer, chance decides
MAX_NEGATIVES = 100_000  # more, evenly spaced over time, are not needed for shares
QUANTILES = np.linspace(0, 1, 33)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TellingFeature:
    """A feature with its ROC AUC and average precision when nothing else is known."""

    name: str
    roc_auc: float
    average_precision: float


@dataclass(frozen=True)
class _Sample:
    """Rows in order of time, `older` of them in the older half; y bool[n], weight float64[n]."""

    rows: NDArray[np.intp]
    older: int
    y: NDArray[np.bool_]
    weight: Floats


def telling_features(data: TrainingSet) -> list[TellingFeature]:
    """The features that alone exceed both bounds, the most telling first; none if positives are too few."""
    sample = _sample(data)
    if sample is None:
        return []
    measured = [measure_alone(data, name, sample) for name in data.feature_names]
    found = [
        each
        for each in measured
        if each.average_precision > MAX_AVERAGE_PRECISION and each.roc_auc > MAX_ROC_AUC
    ]
    return sorted(found, key=lambda each: -each.average_precision)


def is_judged(data: TrainingSet) -> bool:
    """Whether there are enough positives to judge features alone."""
    return int((data.y == 1).sum()) >= 2 * MIN_POSITIVES


def measure_alone(data: TrainingSet, name: str, sample: "_Sample | None" = None) -> TellingFeature:
    """How well a feature alone ranks the newer half of the events."""
    sample = sample or _sample(data)
    if sample is None:
        return TellingFeature(name, float("nan"), float("nan"))
    values = data.X[sample.rows, data.feature_names.index(name)]
    older = slice(sample.older)
    bins = np.searchsorted(_edges(values[older], sample.y[older]), values, side="right")
    bins[np.isnan(values)] = bins.max() + 1
    positive, negative = _counts(bins[older], sample.y[older], sample.weight[older], bins.max() + 1)
    total = positive + negative
    # A bin without older events tells nothing: it gets the share of all.
    share = (positive + positive.sum() / total.sum()) / (total + 1)
    order = np.argsort(-share, kind="stable")
    newer = slice(sample.older, None)
    positive, negative = _counts(bins[newer], sample.y[newer], sample.weight[newer], bins.max() + 1)
    return TellingFeature(name, *_quality(positive[order], negative[order]))


def _sample(data: TrainingSet) -> _Sample | None:
    if not is_judged(data):
        return None
    order = np.argsort(data.occurred_at, kind="stable")
    y = data.y[order] == 1
    weight = np.ones(len(order)) if data.weights is None else data.weights[order]
    negatives = np.flatnonzero(~y)
    step = max(-(-len(negatives) // MAX_NEGATIVES), 1)
    weight = np.where(y, weight, weight * step)
    kept = np.union1d(np.flatnonzero(y), negatives[::step])
    middle = np.flatnonzero(y)[int(y.sum()) // 2]
    return _Sample(order[kept], int(np.searchsorted(kept, middle)), y[kept], weight[kept])


def _edges(values: NDArray, y: NDArray[np.bool_]) -> Floats:
    """Edges between bins: quantiles of both classes, so that rare values of either have bins."""
    known = ~np.isnan(values)
    parts = [values[known & of_class] for of_class in (y, ~y)]
    return np.unique(
        np.concatenate([np.quantile(part, QUANTILES, method="lower") for part in parts if len(part)] or [[]])
    )


def _counts(
    bins: NDArray[np.intp], y: NDArray[np.bool_], weight: Floats, count: int
) -> tuple[Floats, Floats]:
    positive = np.bincount(bins, weights=weight * y, minlength=count)
    negative = np.bincount(bins, weights=weight * ~y, minlength=count)
    return positive.astype(np.float64), negative.astype(np.float64)


def _quality(positive: Floats, negative: Floats) -> tuple[float, float]:
    """ROC AUC and average precision of bins in this order; events of a bin are tied."""
    hits, misses = np.cumsum(positive), np.cumsum(negative)
    if not hits[-1] or not misses[-1]:
        return float("nan"), float("nan")
    auc = float((negative * (hits - positive / 2)).sum() / (hits[-1] * misses[-1]))
    flagged = hits + misses
    precision = np.divide(hits, flagged, out=np.zeros_like(hits), where=flagged > 0)
    return auc, float((positive * precision).sum() / hits[-1])
