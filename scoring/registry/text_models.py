"""Text models: linear models over the n-grams of a text, which fill in columns of a model's vectors.

A field's text model has a column of weights for every head that a feature asks for: "" for any positive
label, and policies. Its margins are rounded to float32, so that training, decisions and replay see the same
numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.registry.artifact import Artifact, ModelSpec, text_part, unpack_parts
from scoring.registry.errors import NgramsChanged
from scoring.texts.ngrams import COLUMNS, SCHEME, ngram_rows

ANY_POLICY = ""  # the head of the main label


@dataclass(frozen=True)
class TextModel:
    """The linear models of one text field. `weights`: float64[COLUMNS, heads], of float32 precision.

    `lexicon`: for each head the phrases that speak for it and that several authors wrote, with their margins:
    reasons quote nothing else, since a text itself must not enter the log.
    """

    field: str
    heads: tuple[str, ...]
    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    lexicon: Mapping[str, Mapping[str, float]]

    def margins(self, texts: Sequence[str | None]) -> NDArray[np.float64]:
        """Log-odds [n, heads] of texts, 0 between positive and other texts; NaN for those that are not known.

        A text's margins do not depend on the texts beside it.
        """
        found = np.full((len(texts), len(self.heads)), np.nan)
        known = [place for place, text in enumerate(texts) if text is not None]
        if known:
            rows = ngram_rows([texts[place] or "" for place in known]).astype(np.float64)
            found[known] = np.float32(rows @ self.weights + self.intercepts)
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

    def described(self) -> dict[str, Any]:
        """What the spec of a model holds of it."""
        return {
            "scheme": SCHEME,
            "heads": list(self.heads),
            "intercepts": self.intercepts.tolist(),
            "lexicon": {head: dict(phrases) for head, phrases in self.lexicon.items()},
        }

    def packed(self) -> bytes:
        """The weights as little-endian float32, one head after the other."""
        return np.ascontiguousarray(self.weights.T, dtype="<f4").tobytes()


def text_models(spec: ModelSpec, artifact: Artifact) -> tuple[TextModel, ...]:
    """The text models of an artifact. Raises NgramsChanged."""
    parts = unpack_parts(artifact.parts) if spec.texts else {}
    return tuple(_unpacked(name, data, parts[text_part(name)], artifact) for name, data in spec.texts.items())


def _unpacked(name: str, data: Mapping[str, Any], packed: bytes, artifact: Artifact) -> TextModel:
    if data["scheme"] != SCHEME:
        raise NgramsChanged(digest=artifact.digest, needed=data["scheme"], computed=SCHEME)
    heads = tuple(data["heads"])
    weights = np.frombuffer(packed, dtype="<f4").reshape(len(heads), COLUMNS)
    return TextModel(
        field=name,
        heads=heads,
        weights=np.ascontiguousarray(weights.T, dtype=np.float64),
        intercepts=np.array(data["intercepts"], dtype=np.float64),
        lexicon=data["lexicon"],
    )
