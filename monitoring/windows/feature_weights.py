"""Each feature's weight in a model's scores, from the contributions that its windows count."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monitoring.models import VectorWindow
from monitoring.windows.binning import unpack
from monitoring.windows.model_windows import MILLION


@dataclass(frozen=True)
class Weight:
    """A feature's weight in a model: the mean absolute contribution in log-odds, and its rank."""

    mean: float
    rank: int
    among: int


def weigh_features(windows: Sequence[VectorWindow], names: Sequence[str]) -> dict[str, Weight]:
    """The weight of each feature over a model's windows; empty if none counted contributions."""
    counted = [window for window in windows if window.contributions]
    rows = sum(window.rows for window in counted)
    if not rows:
        return {}
    totals = np.sum([unpack(window.contributions) for window in counted], axis=0)
    means = totals / MILLION / rows
    order = np.argsort(-means, kind="stable")
    return {
        names[column]: Weight(float(means[column]), rank, len(names))
        for rank, column in enumerate(order.tolist(), start=1)
    }
