"""Shares of weighted events with intervals: precision and recall where exploration chose who has a label.

The share is Hájek's ratio estimator. Its variance is linearized over whole entities, because events of one
entity are not independent (Taylor linearization; Särndal, Swensson & Wretman, Model Assisted Survey Sampling,
1992, section 5.6). The interval is Clopper and Pearson's at the effective number of events (Korn & Graubard,
Survey Methodology 24, 1998), which holds for few events and for shares near 0 and 1.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from scoring.intervals import clopper_pearson_interval

LEVEL = 0.95

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ShareInterval:
    """A share with the ends of its 95 % interval.

    `effective`: the number of equally weighted, independent events that would tell as much.
    """

    estimate: float
    low: float
    high: float
    effective: float


def effective_size(weights: NDArray) -> float:
    """(sum of weights)^2 / sum of squared weights, the effective sample size (Kish, Survey Sampling, 1965).

    >>> effective_size(np.array([1.0, 1.0, 1.0])), effective_size(np.array([50.0, 1.0]))
    (3.0, 1.0399840063974411)
    """
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def weighted_share(
    hit: Bools, *, among: Bools, weights: NDArray | None = None, groups: NDArray | None = None
) -> ShareInterval | None:
    """The share of the events `among` (bool[n]) that are a `hit` (bool[n]); None if there are none.

    `weights` float[n]: how many events each stands for, None for one. `groups` int[n]: codes of entities;
    without them, every event is one of its own.
    """
    weight = among.astype(np.float64) if weights is None else np.where(among, weights, 0.0)
    total = float(weight.sum())
    if not total:
        return None
    share = float(weight[hit].sum()) / total
    unit = np.arange(len(hit)) if groups is None else np.unique(groups, return_inverse=True)[1]
    mass = np.bincount(unit, weights=weight).astype(np.float64)
    residual = np.bincount(unit, weights=weight * (hit - share)) / total
    effective = _effective(share, mass[mass > 0], residual[mass > 0])
    return ShareInterval(share, *clopper_pearson_interval(share, effective, level=LEVEL), effective)


def _effective(share: float, mass: Floats, residual: Floats) -> float:
    """The number of independent events with the variance of the estimate, less if that is badly known.

    mass float[m]: the weight of each entity; residual float[m]: its part of the linearized estimate.
    """
    units, size = len(mass), effective_size(mass)
    variance = float((residual**2).sum()) * units / (units - 1) if units > 1 else 0.0
    binomial = share * (1 - share)
    found = min(binomial / variance, units) if variance > 0 and binomial > 0 else size
    tail = (1 + LEVEL) / 2
    # Few effective entities know their variance badly: Student's t instead of the normal quantile.
    return float(found * (ndtri(tail) / stdtrit(max(size - 1, 1.0), tail)) ** 2)


def effective_text(metrics: Mapping[str, Any]) -> str:
    """How much weighted events tell; "" where each counts once."""
    rows, effective = metrics.get("rows"), metrics.get("effective_events")
    if rows is None or effective is None or effective >= rows - 0.5:
        return ""
    return (
        f"Explored events have weights: these tell as much as {effective:,.0f} equally weighted events,"
        f" {metrics['effective_positives']:,.0f} of them positive (effective sample size)."
    )


def threshold_intervals(
    y: NDArray,
    score: NDArray,
    thresholds: Mapping[str, float],
    *,
    weights: NDArray | None = None,
    groups: NDArray | None = None,
) -> dict[str, Any]:
    """For "precision_at_{name}" and "recall_at_{name}" of each threshold {"estimate", "low", "high",
    "effective"}; nothing where no event is flagged, or none is positive.
    """
    positive = np.asarray(y) == 1
    found: dict[str, ShareInterval | None] = {}
    for name, threshold in thresholds.items():
        flagged = np.asarray(score) >= threshold
        precision = weighted_share(positive, among=flagged, weights=weights, groups=groups)
        recall = weighted_share(flagged, among=positive, weights=weights, groups=groups)
        found |= {f"precision_at_{name}": precision, f"recall_at_{name}": recall}
    return {key: asdict(interval) for key, interval in found.items() if interval}
