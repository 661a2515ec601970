"""Contributions and interactions of a sample of events by the shap package: those of live explanations."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shap
from numpy.typing import NDArray

from scoring.explain.prediction import predict_contributions
from scoring.explain.xgboost_native import xgb

Floats = NDArray[np.float64]
MAX_INTERACTING = 100  # events: interactions take as many times longer as there are features


@dataclass(frozen=True)
class ExplainedSample:
    """Vectors X float32[n, F], their contributions float64[n, F] to the margin (log-odds, exact TreeSHAP),
    and the entity of each, int[n]. `interactions` float64[F, F]: the mean absolute interaction of two
    features over the first events; 0 on the diagonal.
    """

    X: NDArray[np.float32]
    contributions: Floats
    groups: NDArray
    interactions: Floats


def mean_contributions(
    booster: xgb.Booster, X: NDArray[np.float32], names: Sequence[str]
) -> dict[str, float]:
    """The mean absolute contribution of each feature to the margin (log-odds, exact TreeSHAP), by name."""
    size = np.abs(predict_contributions(booster, X)[:, :-1]).mean(axis=0)
    return dict(zip(names, size.tolist(), strict=True))


def explain_sample(booster: xgb.Booster, X: NDArray[np.float32], groups: NDArray) -> ExplainedSample:
    """Explain every vector, and the interactions of the first MAX_INTERACTING.

    TreeSHAP halves an interaction between (i, j) and (j, i); the strength is that of both together.
    """
    explainer = shap.TreeExplainer(booster)
    contributions = np.asarray(explainer.shap_values(X), dtype=np.float64)
    pairs = np.asarray(explainer.shap_interaction_values(X[:MAX_INTERACTING]), dtype=np.float64)
    strength = 2 * np.abs(pairs).mean(axis=0)
    np.fill_diagonal(strength, 0.0)
    return ExplainedSample(X, contributions, groups, strength)
