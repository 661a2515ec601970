"""Compile the loops over texts, or load them from the cache on disk, so that no text waits for it."""

import numpy as np

from scoring.texts.fingerprints import text_band, text_fingerprint
from scoring.texts.language_model import KnownNgrams
from scoring.texts.words import repeated_share

_TEXT = "any text of twelve letters or more"


def compile_kernels() -> None:
    """Compile or load those of signals, fingerprints and languages, without the model of languages."""
    text_fingerprint(_TEXT)
    text_band(_TEXT, number=1)
    repeated_share(_TEXT)
    known = KnownNgrams.of([(1, np.array([ord("a")], np.uint64), np.zeros(1, np.int32))])
    known.counts_in(b"a")
