"""The slices and the fairness of a model's scores, by several fields, as they are stored and printed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.learning.dataset.training_set import TrainingSet
from scoring.learning.fairness import measuring, report
from scoring.learning.fairness.fields import slicings_of
from scoring.learning.fairness.measuring import MIN_DENOMINATOR, MIN_EVENTS, SAMPLES, measure_slices
from scoring.learning.fairness.report import fairness_gaps
from scoring.learning.fairness.sums import JudgedScores
from scoring.progress import NO_PROGRESS, ProgressReporter

MAX_FIELDS = 8
MAX_EVENTS = 100_000  # of more, a random sample of the more frequent class, which counts more
SEED = 16


def assess_slices(
    data: TrainingSet,
    score: NDArray[np.float64],
    *,
    thresholds: Mapping[str, float],
    fields: Sequence[str],
    samples: int = SAMPLES,
    watch: ProgressReporter = NO_PROGRESS,
) -> dict[str, Any]:
    """{"fields": [{"field", "slices", "fairness"}], "rows", "thresholds", "minimum"} of held-out events.

    At most MAX_FIELDS fields. Raises InvalidSliceField.
    """
    rows, weights = _sampled(data)
    taken, judged = data.take(rows), np.asarray(score)[rows]
    events = JudgedScores(taken.y, judged, taken.groups, weights)
    watch.begin("measuring slices", total=len(fields))
    found = []
    for slicing in slicings_of(fields[:MAX_FIELDS], taken):
        measured = measure_slices(events, slicing, thresholds=thresholds, samples=samples)
        gaps = fairness_gaps(measured, thresholds)
        found.append(measuring.as_data(measured) | {"fairness": [report.as_data(gap) for gap in gaps]})
        watch.advance(1)
    return {
        "fields": found,
        "rows": len(rows),
        "thresholds": list(thresholds),
        "minimum": {"events": MIN_EVENTS, "denominator": MIN_DENOMINATOR},
    }


def _sampled(data: TrainingSet) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
    """Rows and weights: all of at most MAX_EVENTS events, else all of the rarer class or half of them."""
    if len(data.y) <= MAX_EVENTS:
        return np.arange(len(data.y)), data.weights
    rng = np.random.default_rng(SEED)
    classes = [np.flatnonzero(data.y == label) for label in (0, 1)]
    shares = [max(MAX_EVENTS - len(other), MAX_EVENTS // 2) for other in reversed(classes)]
    drawn = [
        rng.choice(rows, share, replace=False) if len(rows) > share else rows
        for rows, share in zip(classes, shares, strict=True)
    ]
    counted = np.array([len(rows) / max(len(kept), 1) for rows, kept in zip(classes, drawn, strict=True)])
    rows = np.sort(np.concatenate(drawn))
    weights = counted[data.y[rows]]
    return rows, weights if data.weights is None else weights * data.weights[rows]
