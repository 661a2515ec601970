"""Fills in the features that a model's text models give, for many events at once."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.features.compile.plan import FeatureSet
from scoring.registry.loaded_models import LoadedModel


def fill_texts(
    X: NDArray[np.floating[Any]],
    model: LoadedModel,
    own: FeatureSet,
    texts: Mapping[str, NDArray[np.object_]],
) -> None:
    """Write what a model makes of texts, by field, into vectors [n, F] in its own feature set, in place."""
    for column, *_ in own.resemblances:
        X[:, column] = np.nan
    for text in model.texts:
        if text.field in texts:
            text.fill(X, resemblances=own.resemblances, texts=list(texts[text.field]))
