"""Text models: linear models over the n-grams of a text, which fill in columns of a model's vectors.

Margins are rounded to float32, so that training, decisions and replay see the same numbers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scoring.registry.artifact import Artifact, ModelSpec
from scoring.registry.text_weights import TextWeights, text_parts
from scoring.texts.ngrams import linear_sums


class TextModel(TextWeights):
    """The linear models of one text field, ready to score. `weights`: float32[COLUMNS, heads]."""

    def margins(self, texts: Sequence[str | None]) -> NDArray[np.float64]:
        """Log-odds [n, heads] of texts, 0 between positive and other texts; NaN for those that are not known.

        A text's margins do not depend on the texts beside it.
        """
        found = np.full((len(texts), len(self.heads)), np.nan)
        for place, text in enumerate(texts):
            if text is not None:
                found[place] = np.float32(linear_sums(text, self.weights, self.intercepts))
        return found

    def fill(
        self, X: NDArray, *, resemblances: Iterable[tuple[int, str, str]], texts: Sequence[str | None]
    ) -> None:
        """Write the margins of n texts into the columns of vectors [n, F] that show them, in place.

        `resemblances`: (column, text field, head) of a feature set. Heads that were not learned stay as they
        are.
        """
        columns = {
            column: self.heads.index(head)
            for column, field, head in resemblances
            if field == self.field and head in self.heads
        }
        if columns and len(texts):
            margins = self.margins(texts)
            for column, head in columns.items():
                X[:, column] = margins[:, head]


def text_models(spec: ModelSpec, artifact: Artifact) -> tuple[TextModel, ...]:
    """The text models of an artifact. Raises NgramsChanged."""
    return tuple(
        _ready(TextModel.unpacked(field, data, packed, digest=artifact.digest))
        for field, data, packed in text_parts(spec, artifact)
    )


def _ready(model: TextModel) -> TextModel:
    """With the weights of all heads for a column side by side, as sums read them."""
    return replace(model, weights=np.ascontiguousarray(model.weights, dtype=np.float32))
