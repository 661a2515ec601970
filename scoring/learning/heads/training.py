"""Trains the heads of a model: for each policy a booster, calibration and thresholds over its vectors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.explain.prediction import predict_margin
from scoring.explain.xgboost_native import xgb
from scoring.learning.dataset.requirements import newest_insufficient_slice
from scoring.learning.dataset.split import MinPositives, TimeSlices
from scoring.learning.dataset.training_set import TrainingSet
from scoring.learning.heads.evaluation import measure_head
from scoring.registry.artifact import HeadSpec
from scoring.registry.calibration import Calibration


@dataclass(frozen=True)
class TrainedHead:
    """A policy's fitted booster with its calibration, thresholds and metrics."""

    booster: xgb.Booster
    spec: HeadSpec
    metrics: Mapping[str, Any]


@dataclass(frozen=True)
class Fitted:
    """A booster with what was chosen on other slices."""

    booster: xgb.Booster
    rounds: int
    base_rate: float
    calibration: Calibration
    thresholds: dict[str, float]


FitSlices = Callable[[TrainingSet, TimeSlices], Fitted]


def train_heads(
    data: TrainingSet,
    slices: TimeSlices,
    *,
    needs: MinPositives,
    fit: FitSlices,
    test: TrainingSet | None = None,
) -> tuple[dict[str, TrainedHead], dict[str, str]]:
    """The heads by policy, and why other policies have none. `fit`: as the main head is fitted; `needs`: the
    positives in each slice.

    `test`: later rows, on which heads are measured instead of the test slice.
    """
    heads, without = {}, {}
    for policy, broken in data.policies.items():
        known = _known_slices(slices, broken)
        own = replace(data, y=np.maximum(broken, 0).astype(np.int8))
        lacking = newest_insufficient_slice(own.y, known, needs, with_test=test is None)
        if lacking is not None:
            without[policy] = _why_none(own, known, lacking, needs)
            continue
        fitted = fit(own, known)
        judged = own.take(known.test) if test is None else _known_rows(test, policy)
        score = fitted.calibration.score(predict_margin(fitted.booster, judged.X))
        heads[policy] = TrainedHead(
            fitted.booster,
            HeadSpec(fitted.calibration, fitted.thresholds, fitted.base_rate, fitted.rounds),
            measure_head(judged, score, fitted.thresholds, among=data.occurred_at),
        )
    return heads, without


def _known_slices(slices: TimeSlices, broken: NDArray[np.int8]) -> TimeSlices:
    """The slices without rows whose label does not say whether the policy is broken."""
    return TimeSlices(*(rows[broken[rows] >= 0] for rows in vars(slices).values()))


def _known_rows(test: TrainingSet, policy: str) -> TrainingSet:
    broken = test.policies[policy]
    return replace(test, y=np.maximum(broken, 0).astype(np.int8)).take(np.flatnonzero(broken >= 0))


def _why_none(data: TrainingSet, slices: TimeSlices, lacking: str, needs: MinPositives) -> str:
    found = int(data.y[getattr(slices, lacking)].sum())
    needed = needs.train if lacking == "train" else needs.held_out
    return f"{found} of its labels are in the {lacking} slice; {needed} are needed"
