"""Recalibrates scores to the events of a period whose labels are not known yet. Pure.

The events differ from those with labels (covariate shift), so a score may no longer mean the same share of
positives. A classifier that tells both sets apart says how likely each labeled event is in the new period;
weighted so, the labeled events give the calibration that the new period needs. Performance is then estimated
as from any calibrated probabilities.

Source: J. Białek, J. Perrakis, W. Kuberski, Estimating Model Performance Under Covariate Shift Without
Labels (PAPE), arXiv 2401.08348.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from monitoring.performance.losses import ScoredEvents
from scoring.registry.calibration import fit_platt

MIN_POSITIVES = 50  # labeled; fewer do not calibrate
MIN_EFFECTIVE = 0.02  # of the labeled positives, as many equally weighted ones as tell the same (Kish)
MAX_RATIO = 50.0  # of the densities
MARGIN = 1e-6  # scores are kept from 0 and 1 by so much
FOLDS, SEED, ROUNDS = 2, 17, 60
PARAMETERS: dict[str, Any] = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_depth": 3,
    "eta": 0.15,
    "lambda": 5.0,
    "min_child_weight": 20.0,
    "max_bin": 64,
    "nthread": 1,
    "seed": SEED,
}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LabeledEvents:
    """Events with labels, and the vectors [n, F] on which a model decided them."""

    events: ScoredEvents
    vectors: NDArray[np.float64]

    @property
    def is_enough(self) -> bool:
        return self.events.rarer >= MIN_POSITIVES


def adapted_probabilities(labeled: LabeledEvents, *, score: Floats, vectors: Floats) -> Floats | None:
    """The probability of each new event, by its score float64[m] and vector [m, F], to be positive.

    None if the labeled events are too few, or have too little in common with the new ones. The same events
    give the same probabilities.
    """
    if not labeled.is_enough:
        return None
    known = labeled.events
    weight = known.weight * density_ratios(labeled.vectors, vectors)
    positives = weight[known.positive]
    if positives.sum() ** 2 < MIN_EFFECTIVE * len(positives) * (positives**2).sum():
        return None
    calibration = fit_platt(margin=_log_odds(known.score), y=known.positive, weights=weight)
    return calibration.score(_log_odds(score))


def density_ratios(before: Floats, after: Floats) -> Floats:
    """How much more likely each vector of `before` [n, F] is among those of `after` [m, F], float64[n].

    By boosted trees, each vector judged by one that was fitted without it; at most MAX_RATIO, and 1 on
    average.
    """
    rng = np.random.default_rng(SEED)
    folds = [rng.permutation(np.arange(len(each)) % FOLDS) for each in (before, after)]
    found = np.empty(len(before))
    for fold in range(FOLDS):
        others = [each[folds[side] != fold] for side, each in enumerate((before, after))]
        found[folds[0] == fold] = _ratios(*others, judged=before[folds[0] == fold])
    capped = np.clip(found, 1 / MAX_RATIO, MAX_RATIO)
    return np.asarray(capped / capped.mean(), dtype=np.float64)


def _ratios(before: Floats, after: Floats, *, judged: Floats) -> Floats:
    """The ratios for vectors that the classifier has not seen. Both sets count the same in it."""
    sizes = len(before), len(after)
    data = xgb.DMatrix(
        np.concatenate([before, after]),
        label=np.repeat([0.0, 1.0], sizes),
        weight=np.repeat([sum(sizes) / (2 * size) for size in sizes], sizes),
        nthread=1,
    )
    trees = xgb.train(PARAMETERS, data, num_boost_round=ROUNDS)
    margin = trees.predict(xgb.DMatrix(judged, nthread=1), output_margin=True)
    return np.exp(np.asarray(margin, dtype=np.float64))


def _log_odds(score: Floats) -> Floats:
    kept = np.clip(score, MARGIN, 1 - MARGIN)
    return np.asarray(np.log(kept / (1 - kept)), dtype=np.float64)
