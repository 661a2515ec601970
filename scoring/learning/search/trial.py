"""One trial of a search on one validation slice."""

import numpy as np

from scoring.explain.xgboost_native import xgb
from scoring.learning.metrics.quality import average_precision
from scoring.learning.search.study import TREES_BETWEEN_REPORTS, Measured, Report
from scoring.learning.training.fit import Prepared
from scoring.learning.training.growing import grow_with_early_stopping
from scoring.learning.training.recipe import TrainingConfig
from scoring.progress import ProgressReporter


def measure_recipe(
    prepared: Prepared, config: TrainingConfig, *, report: Report, watch: ProgressReporter
) -> Measured:
    """Average precision on the validation slice of the trees that a training would choose there."""
    data, held = prepared.data, prepared.slices.validation
    y, weights = data.y[held], data.weights_of(held)
    margin = np.zeros(len(y))  # of double precision: as float32, hundreds of constants would make ties

    def after_each(booster: xgb.Booster, validation: xgb.DMatrix, round_: int) -> None:
        margin[:] += booster.predict(
            validation, output_margin=True, iteration_range=(round_, round_ + 1)
        )  # the constant in every tree's margin does not change the order
        watch.advance(1)
        if (trees := round_ + 1) % TREES_BETWEEN_REPORTS == 0:
            report(trees, average_precision(y, margin, weights))

    booster, validation = grow_with_early_stopping(
        data, prepared.slices, config=config, extra=prepared.extra, after_each=after_each
    )
    trees = int(booster.best_iteration) + 1
    final = booster.predict(validation, output_margin=True, iteration_range=(0, trees))
    return Measured(average_precision(y, final, weights), trees)
