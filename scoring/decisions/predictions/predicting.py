"""Predict and explain vectors: one way for live decisions, shadows and replay."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.decisions.errors import ModelFailed
from scoring.registry.loaded_models import LoadedHead, LoadedModel
from scoring.registry.model_versions import library_versions

# The library versions of a decision: replay reproduces it bit for bit under the same ones.
RUNTIME = " ".join(f"{name}-{number}" for name, number in library_versions().items())


@dataclass(frozen=True, slots=True)
class Prediction:
    """Margins [n], calibrated scores [n] and contributions [n, F + 1] of n vectors."""

    margins: NDArray[np.float64]
    scores: NDArray[np.float64]
    contributions: NDArray[np.float64]


def predict(loaded: LoadedModel, features: NDArray[np.float64]) -> Prediction:
    """Predict and explain vectors [n, F]. Raises ModelFailed for anything that the model raises."""
    try:
        margins, scores, contributions = loaded.explain(features)
    except Exception as error:  # the edge to a trained artifact; ModelFailed is reported where it is caught
        raise ModelFailed(loaded.name, f"{type(error).__name__}: {error}") from error
    if not np.isfinite(scores).all():
        raise ModelFailed(loaded.name, "its scores are not all numbers")
    return Prediction(margins, scores, contributions)


def predict_head(loaded: LoadedModel, head: LoadedHead, features: NDArray[np.float64]) -> NDArray[np.float64]:
    """The calibrated scores [n] of a policy's head. Raises ModelFailed for anything that it raises."""
    try:
        scores = head.predict_few(features)
    except Exception as error:  # the same edge as in `predict`
        raise ModelFailed(loaded.name, f"{type(error).__name__}: {error}") from error
    if not np.isfinite(scores).all():
        raise ModelFailed(loaded.name, "its scores are not all numbers")
    return scores
