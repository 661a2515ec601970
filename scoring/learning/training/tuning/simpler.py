"""Whether a recipe that was chosen on the data paid: the model against simpler ones."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.explain.prediction import predict_margin
from scoring.learning.baseline_names import LOGISTIC
from scoring.learning.dataset.training_set import select_rows
from scoring.learning.metrics.quality import average_precision
from scoring.learning.metrics.resampling import bootstrap_average_precision_difference
from scoring.learning.training.baseline import baseline_score, fit_baseline
from scoring.learning.training.fit import Prepared, Trained
from scoring.learning.training.growing import choose_rounds, grow_rows
from scoring.learning.training.recipe import TrainingConfig
from scoring.progress import ProgressReporter

BASE = "base"  # the recipe from which a search starts
SAMPLES = 200  # of the bootstrap


def compare_with_simpler(
    prepared: Prepared,
    trained: Trained,
    *,
    base: TrainingConfig,
    codes: Sequence[int],
    watch: ProgressReporter,
) -> list[dict[str, Any]]:
    """The model against the base recipe (unless it is that one) and a logistic regression, all fitted on the
    same events, on the held-out ones: {"name", "average_precision", "difference"} of each.

    `codes`: columns of codes. The difference is the model's average precision minus the other's with the
    paired bootstrap's interval, whole entities drawn; None where the held-out events have one class alone.
    """
    scores = {} if trained.config == base else {BASE: _base_score(prepared, base, watch)}
    scores[LOGISTIC] = _logistic_score(prepared, codes, watch)
    watch.begin("comparing with simpler models", total=SAMPLES * len(scores))
    return [_against(trained, name, score, watch) for name, score in scores.items()]


def _base_score(prepared: Prepared, base: TrainingConfig, watch: ProgressReporter) -> NDArray:
    """Average precision needs its trees alone, neither calibration nor thresholds."""
    data, extra = prepared.data, prepared.extra
    rounds = choose_rounds(data=data, slices=prepared.slices, config=base, extra=extra, watch=watch)
    booster, _ = grow_rows(data, prepared.rows, rounds=rounds, config=base, extra=extra, watch=watch)
    return predict_margin(booster, prepared.judged.X)


def _logistic_score(prepared: Prepared, codes: Sequence[int], watch: ProgressReporter) -> NDArray:
    """On the rows that the model could learn from: those of its trees and of its calibration."""
    watch.begin("fitting the logistic regression", total=1)
    data = prepared.data
    rows = np.concatenate([prepared.rows, prepared.slices.calibration])
    fitted = fit_baseline(
        X=select_rows(data.X, rows), y=data.y[rows], codes=codes, weights=data.weights_of(rows)
    )
    watch.advance(1)
    return baseline_score(fitted, prepared.judged.X)


def _against(trained: Trained, name: str, score: NDArray, watch: ProgressReporter) -> dict[str, Any]:
    held_out = trained.held_out
    y, weights = held_out.y, held_out.weights
    if y.min() == y.max():
        return {"name": name, "average_precision": None, "difference": None}
    difference = bootstrap_average_precision_difference(
        y=y,
        first=trained.score,
        second=score,
        groups=held_out.groups,
        samples=SAMPLES,
        weights=weights,
        progress=watch.advance,
    )
    found = average_precision(y, score, weights)
    return {"name": name, "average_precision": found, "difference": asdict(difference)}
