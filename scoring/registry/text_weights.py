"""The text models in an artifact: weights of the n-grams of a text, also for processes that do not score.

A field's text model has a column of weights for every head that a feature asks for: "" for any positive
label, and policies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from scoring.registry.artifact import Artifact, ModelSpec, text_part, unpack_parts
from scoring.registry.errors import NgramsChanged
from scoring.registry.model_versions import find_artifact, find_version
from scoring.texts.ngram_places import COLUMNS, SCHEME

ANY_POLICY = ""  # the head of the main label
KEPT_MODELS = 2  # of 1 MiB a head


@dataclass(frozen=True)
class TextWeights:
    """The linear models of one text field. `weights`: [COLUMNS, heads], of float32 precision.

    `lexicon`: for each head the phrases that speak for it and that several authors wrote, with their margins:
    reasons quote nothing else, since a text itself must not enter the log.
    """

    field: str
    heads: tuple[str, ...]
    weights: NDArray[np.floating]
    intercepts: NDArray[np.float64]
    lexicon: Mapping[str, Mapping[str, float]]

    @classmethod
    def unpacked(cls, name: str, data: Mapping[str, Any], packed: bytes, *, digest: str) -> Self:
        """The model of a field from what the spec and the parts of an artifact hold. Raises NgramsChanged."""
        if data["scheme"] != SCHEME:
            raise NgramsChanged(digest=digest, needed=data["scheme"], computed=SCHEME)
        heads = tuple(data["heads"])
        weights = np.frombuffer(packed, dtype="<f4").reshape(len(heads), COLUMNS).T
        return cls(name, heads, weights, np.array(data["intercepts"], dtype=np.float64), data["lexicon"])

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


def load_text_weights(name: str) -> tuple[TextWeights, ...]:
    """The text models of a model version, without its trees; those of the last versions are kept.

    Raises UnknownModel, ArtifactMissing, ArtifactCorrupt, NgramsChanged.
    """
    return _read(find_version(name).artifact)


@lru_cache(maxsize=KEPT_MODELS)
def _read(digest: str) -> tuple[TextWeights, ...]:
    artifact = find_artifact(digest)
    return tuple(
        TextWeights.unpacked(field, data, packed, digest=digest)
        for field, data, packed in text_parts(ModelSpec.from_json(artifact.spec), artifact)
    )


def text_parts(spec: ModelSpec, artifact: Artifact) -> list[tuple[str, Mapping[str, Any], bytes]]:
    """By text model: its field, what the spec holds of it, and its packed weights."""
    parts = unpack_parts(artifact.parts) if spec.texts else {}
    return [(name, data, parts[text_part(name)]) for name, data in spec.texts.items()]
