"""What a model says of vectors: the one way for live decisions, shadows and replay."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.decisions.errors import ModelFailed
from scoring.registry.loaded_models import LoadedModel
from scoring.registry.model_versions import library_versions

# Under which libraries a decision came about: replay reproduces it bit for bit under the same ones.
RUNTIME = " ".join(f"{name}-{number}" for name, number in library_versions().items())


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of n vectors: margins [n], calibrated scores [n], contributions [n, F + 1]."""

    margins: NDArray[np.float64]
    scores: NDArray[np.float64]
    contributions: NDArray[np.float64]


def predict(loaded: LoadedModel, features: NDArray[np.float64]) -> Prediction:
    """The scores of vectors [n, F] and their explanation. Raises ModelFailed, whatever the model raised."""
    try:
        margins, scores, contributions = loaded.explain(features)
    except Exception as error:  # the edge to a trained artifact; whoever catches ModelFailed reports it
        raise ModelFailed(loaded.name, f"{type(error).__name__}: {error}") from error
    if not np.isfinite(scores).all():
        raise ModelFailed(loaded.name, "its scores are not all numbers")
    return Prediction(margins, scores, contributions)
