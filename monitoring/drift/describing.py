"""Drift as JSON values, with the distances that pages do not show."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from monitoring.drift.distance import Drift
from monitoring.drift.distances.binned import DISTANCES, ORDERED_ONLY
from monitoring.drift.groups.own_weeks import GroupDrift
from monitoring.drift.report import DriftReport, FeatureDrift
from scoring.timestamps import to_iso


def describe_report(report: DriftReport, senders: Sequence[GroupDrift] = ()) -> dict[str, Any]:
    """The drift of a model: its effect, its scores, its features with all distances, and its senders."""
    return {
        "model": report.model,
        "since": to_iso(report.since),
        "rows": report.rows,
        "has_drifted": report.is_far,
        "effect": report.effect,
        "effect_threshold": report.effect_threshold,
        "drifted_share": report.drifted_share,
        "estimated_loss": asdict(report.loss) if report.loss else None,
        "scores": _describe_drift(report.score),
        "features": [_describe_feature(each, report.rows) for each in report.features],
        "senders": [_describe_sender(each) for each in senders],
    }


def _describe_drift(drift: Drift) -> dict[str, Any]:
    compared = drift.state.is_comparison
    return {
        "state": drift.state.value,
        "psi": drift.psi if compared else None,
        "threshold": float(drift.threshold) if compared else None,
    }


def _describe_feature(feature: FeatureDrift, rows: int) -> dict[str, Any]:
    return {
        "name": feature.name,
        **_describe_drift(feature.drift),
        "share": feature.share,
        "effect": feature.effect,
        "missing": {"then": feature.then.missing, "now": feature.now.missing},
        "shift": feature.shift,
        "distances": distances_of(feature, rows) if feature.compared else {},
    }


def distances_of(feature: FeatureDrift, rows: int) -> dict[str, float]:
    """Every distance of a feature that `rows` decisions had; those of ordered bins without missing values.

    Missing values are a bin of the others. A distance is left out where a side has no values.
    """
    then, now = np.array(feature.then.shares), np.array(feature.now.shares)
    found = {}
    for name, distance in DISTANCES.items():
        if name not in ORDERED_ONLY:
            found[name] = distance(then, now * rows)
        elif feature.ordered and then[:-1].any() and now[:-1].any():
            found[name] = distance(then[:-1], now[:-1])
    return found


def _describe_sender(sender: GroupDrift) -> dict[str, Any]:
    return {
        "source": sender.name,
        "rows": sender.rows,
        "share": sender.share,
        "compared": sender.report is not None,
        "changed": [
            {**_describe_feature(each.feature, sender.rows), "since": to_iso(each.since)}
            for each in sender.changed
        ],
    }
