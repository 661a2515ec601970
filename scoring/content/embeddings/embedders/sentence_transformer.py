"""Models of sentence-transformers: https://sbert.net. Imported only where one is set and installed."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from transformers.utils.logging import disable_progress_bar

BATCH = 8  # texts at a time through the model: on a CPU larger batches only fill up more short texts


class SentenceTransformerEmbedder:
    """A model by its name (in the cache of Hugging Face, or fetched) or by the path of its directory.

    The version is a digest of all weights and of the number of tokens that are read, so that other weights
    under the same name are another model. Code of the model's own is never run (`trust_remote_code`).
    """

    def __init__(self, named: str) -> None:
        where = str(Path(named).expanduser()) if named.startswith("~") else named
        disable_progress_bar()  # of loading the weights: Celery logs what is on stderr as warnings
        self._model = SentenceTransformer(where, device="cpu", trust_remote_code=False)
        self.version = _digest(self._model)
        [probe] = self._model.encode([" "], show_progress_bar=False)
        self.dimension = len(probe)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = self._model.encode(list(texts), batch_size=BATCH, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)


def _digest(model: SentenceTransformer) -> str:
    """16 hex digits of the SHA-256 of the weights by name, and of the longest text in tokens."""
    digest = hashlib.sha256(str(model.max_seq_length).encode())
    for name, weights in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(weights.detach().cpu().float().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
