"""Fills in the features that a model's text models give, for many events at once."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from scoring.features.compile.plan import FeatureSet
from scoring.registry.loaded_models import LoadedModel
from scoring.registry.text_models import TextModel


def fill_texts(
    X: NDArray[np.float32], model: LoadedModel, own: FeatureSet, texts: Mapping[str, NDArray[np.object_]]
) -> None:
    """Write what a model makes of texts, by field, into vectors [n, F] in its own feature set, in place."""
    for column, *_ in own.resemblances:
        X[:, column] = np.nan
    for text in model.texts:
        if text.field in texts:
            columns = {head: column for column, field, head in own.resemblances if field == text.field}
            fill_columns(X, text, columns, list(texts[text.field]))


def fill_columns(
    X: NDArray[np.float32], model: TextModel, columns: Mapping[str, int], texts: Sequence[str | None]
) -> None:
    """Write the margins of texts into the columns of the heads that the model learned, in place."""
    wanted = {head: column for head, column in columns.items() if head in model.heads}
    if len(texts) and wanted:
        margins = model.margins(texts)
        for head, column in wanted.items():
            X[:, column] = margins[:, model.heads.index(head)]
