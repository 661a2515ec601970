"""What a model's features do, from an explained sample: importance, its stability, points to plot. Pure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from scoring.learning.explanation.contributions import ExplainedSample

Floats = NDArray[np.float64]
SAMPLES = 200  # of the bootstrap
SHOWN = 12  # features with points of their own
DEPENDENCE = 4  # features whose contribution is plotted against their value
PAIRS = 8
POINTS = 200  # events of a plot
TOP = 10  # features whose place is judged
SEED = 16


def summarize(sample: ExplainedSample, names: Sequence[str]) -> dict[str, Any]:
    """{"rows", "features", "stability", "beeswarm", "dependence", "interactions"} as stored with a version.

    A feature's importance is its mean absolute contribution, with the 95 % interval over resamples of whole
    entities.
    """
    importance, drawn = _importances(sample)
    order = np.argsort(-importance, kind="stable")
    used = [int(column) for column in order if importance[column] > 0]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return {
        "rows": len(sample.X),
        "features": [
            {
                "name": names[column],
                "importance": float(importance[column]),
                "low": float(low[column]),
                "high": float(high[column]),
            }
            for column in used
        ],
        "stability": _stability(importance, drawn),
        "beeswarm": [_swarm(sample, column, names[column]) for column in used[:SHOWN]],
        "dependence": [_dependence(sample, column, names[column]) for column in used[:DEPENDENCE]],
        "interactions": _pairs(sample.interactions, names),
    }


def _importances(sample: ExplainedSample) -> tuple[Floats, Floats]:
    """Mean absolute contributions float64[F], and those of resamples float64[B, F]."""
    size = np.abs(sample.contributions)
    entity = np.unique(sample.groups, return_inverse=True)[1]
    count = int(entity.max()) + 1
    by_entity = np.zeros((count, size.shape[1]))
    np.add.at(by_entity, entity, size)
    rows = np.bincount(entity, minlength=count)
    rng = np.random.default_rng(SEED)
    drawn = np.empty((SAMPLES, size.shape[1]))
    for sampled in range(SAMPLES):
        copies = np.bincount(rng.integers(0, count, count), minlength=count)
        drawn[sampled] = copies @ by_entity / float(copies @ rows)
    return size.mean(axis=0), drawn


def _stability(importance: Floats, drawn: Floats) -> dict[str, float | None]:
    """How alike the orders of features are: the mean rank correlation (Spearman) of resamples with the whole
    sample, over all features in use, and the mean share of the TOP features that stay among them.
    """
    used = np.flatnonzero(importance > 0)
    if len(used) < 2:
        return {"rank_correlation": None, "top_kept": None}
    whole = rankdata(importance[used])
    ranks = rankdata(drawn[:, used], axis=1)
    correlations = [float(np.corrcoef(whole, each)[0, 1]) for each in ranks if np.ptp(each) > 0]
    top = min(TOP, len(used))
    first = set(np.argsort(-importance, kind="stable")[:top].tolist())
    kept = [len(first & set(np.argsort(-each, kind="stable")[:top].tolist())) / top for each in drawn]
    return {"rank_correlation": float(np.mean(correlations)), "top_kept": float(np.mean(kept))}


def _swarm(sample: ExplainedSample, column: int, name: str) -> dict[str, Any]:
    """Points [contribution, share of known values that are lower or equal; None for a missing value]."""
    values = sample.X[:, column].astype(np.float64)
    known = ~np.isnan(values)
    shares = np.full(len(values), np.nan)
    shares[known] = rankdata(values[known]) / max(known.sum(), 1)
    return {
        "name": name,
        "points": [
            [round(contribution, 5), round(share, 3) if there else None]
            for contribution, share, there in zip(
                sample.contributions[:POINTS, column].tolist(),
                shares[:POINTS].tolist(),
                known[:POINTS].tolist(),
                strict=True,
            )
        ],
    }


def _dependence(sample: ExplainedSample, column: int, name: str) -> dict[str, Any]:
    """Points [value, contribution] of events with a value, and the mean contribution of those without."""
    values, contributions = sample.X[:, column].astype(np.float64), sample.contributions[:, column]
    known = np.flatnonzero(~np.isnan(values))
    missing = contributions[np.isnan(values)]
    return {
        "name": name,
        "points": [[float(values[at]), round(float(contributions[at]), 5)] for at in known[:POINTS]],
        "missing": float(missing.mean()) if len(missing) else None,
    }


def _pairs(strength: Floats, names: Sequence[str]) -> list[dict[str, Any]]:
    first, second = np.triu_indices(len(strength), k=1)
    found = strength[first, second]
    strongest = [int(at) for at in np.argsort(-found, kind="stable")[:PAIRS] if found[at] > 0]
    return [
        {"first": names[first[at]], "second": names[second[at]], "strength": float(found[at])}
        for at in strongest
    ]
