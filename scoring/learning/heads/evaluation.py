"""Measures the head of a policy on held-out events: rates at its thresholds, curves, intervals."""

from collections.abc import Mapping
from dataclasses import asdict
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.intervals import wilson_interval
from scoring.learning.dataset.covered_days import covered_days
from scoring.learning.dataset.training_set import TrainingSet
from scoring.learning.metrics.resampling import (
    bootstrap_average_precision,
    chance_average_precision,
)

MAX_POINTS = 100


def measure_head(
    judged: TrainingSet,
    score: NDArray[np.float64],
    thresholds: Mapping[str, float],
    *,
    among: NDArray[np.int64],
) -> dict[str, Any]:
    """{"rows", "positives", "days", "average_precision", "interval", "chance", "thresholds", "at", "curve"}.

    `at`: by outcome, precision and recall at its threshold with Wilson intervals, and alarms a day. `curve`:
    [threshold, recall, precision, alarms a day], the highest threshold first. `among`: the times of all
    events. Without positives, what needs them is None or empty.
    """
    days = covered_days(judged.occurred_at, among=np.union1d(among, judged.occurred_at)) if len(score) else 0
    has_positives = bool(judged.y.any())
    interval = _interval(judged, score) if has_positives else None
    return {
        "rows": len(score),
        "positives": int(judged.y.sum()),
        "days": days,
        "average_precision": interval["estimate"] if interval else None,
        "interval": interval,
        "chance": _chance(judged.y) if has_positives else None,
        "thresholds": dict(thresholds),
        "at": {name: rates_at(judged.y, score, value, days) for name, value in thresholds.items()},
        "curve": threshold_curve(judged.y, score, days) if has_positives else [],
    }


def rates_at(y: NDArray, score: NDArray, threshold: float, days: float) -> dict[str, Any]:
    """Precision and recall from a threshold on, with their 95 % intervals; None without events to count."""
    reached = score >= threshold
    hits, alarms, positives = int(y[reached].sum()), int(reached.sum()), int(y.sum())
    return {
        "precision": hits / alarms if alarms else None,
        "precision_interval": list(wilson_interval(hits, alarms)) if alarms else None,
        "recall": hits / positives if positives else None,
        "recall_interval": list(wilson_interval(hits, positives)) if positives else None,
        "alarms": alarms,
        "alarms_a_day": alarms / days if days else None,
    }


def threshold_curve(y: NDArray, score: NDArray, days: float) -> list[list[float]]:
    """[threshold, recall, precision, alarms a day] at up to MAX_POINTS scores, the highest first."""
    order = np.argsort(-score, kind="stable")
    falling, hits = score[order], np.cumsum(y[order], dtype=np.float64)
    ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    places = np.unique(np.linspace(0, len(ends) - 1, min(MAX_POINTS, len(ends))).astype(int))
    return [
        [
            float(falling[end]),
            float(hits[end] / hits[-1]),
            float(hits[end] / (end + 1)),
            float((end + 1) / days) if days else 0.0,
        ]
        for end in ends[places]
    ]


def _interval(judged: TrainingSet, score: NDArray[np.float64]) -> dict[str, Any]:
    return asdict(
        bootstrap_average_precision(y=judged.y, score=score, groups=judged.groups, weights=judged.weights)
    )


def _chance(y: NDArray) -> float | None:
    chance = chance_average_precision(y)
    return None if isnan(chance) else chance
