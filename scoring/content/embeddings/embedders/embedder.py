"""What embeds texts: the promise that a model of sentence-transformers, or a class of your own, keeps."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """`version` differs whenever the same text may get another embedding: a digest of the weights.

    `dimension`: how many numbers an embedding has.
    """

    version: str
    dimension: int

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[texts, dimension]; any length of vectors, but finite."""
        ...


def embed_texts(embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """The embeddings of texts, each of length 1.

    Raises ValueError for vectors of another shape, or not finite.
    """
    vectors = np.asarray(embedder.embed(texts), dtype=np.float32)
    wanted = (len(texts), embedder.dimension)
    if vectors.shape != wanted or not np.isfinite(vectors).all():
        raise ValueError(f"the embedder gave {vectors.shape} numbers where {wanted} finite ones were due")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)
