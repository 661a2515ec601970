"""Embedders for tests: small, without a package, always the same."""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class HashedWords:
    """Counts words, each at the place that its checksum gives: texts that share words are similar."""

    version, dimension = "words", 64

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in text.split():
                row[zlib.crc32(word.encode()) % self.dimension] += 1
        return vectors


class LargerHashedWords(HashedWords):
    """Another model under the same name: more places."""

    version, dimension = "more-words", 96


class BrokenEmbedder(HashedWords):
    """Fails for texts that have the word "poison"."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if any("poison" in text for text in texts):
            raise RuntimeError("the model cannot read this")
        return super().embed(texts)


NAME = f"{__name__}:{HashedWords.__name__}"
