"""Fingerprints of texts: an exact one of what is read, and bands that near-duplicates share.

Both are of the condensed text: letters and digits alone, without repetitions. Neither disguises nor spaces
nor marks change it.
"""

import hashlib
import re
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from scoring.texts.normalization import MAX_KEPT, normalize_text

MIN_CHARACTERS = 12  # shorter texts are alike without being copies: "thank you"
SHINGLE = 4  # characters
# Minima in a band. Of texts that share 80 % of their shingles 94 % have one of four bands in common, of those
# that share 70 % 81 %, of those that share 20 % 3 %.
ROWS = 3
MAX_BANDS = 8
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SEEDS = np.arange(MAX_BANDS * ROWS, dtype=np.uint64)

Hashes = npt.NDArray[np.uint64]
_NOT_TEXT = re.compile(r"[\W_]+")
_LETTER_RUN = re.compile(r"([^\W\d_])\1+")


@lru_cache(maxsize=MAX_KEPT)
def condensed_text(text: str) -> str:
    """The normalized text's letters and digits, with doubled letters once.

    >>> condensed_text("FREE money: 100 $!!"), condensed_text("f r e e  m0ney -- 100")
    ('fremoney100', 'fremoney100')
    """
    return _LETTER_RUN.sub(r"\1", _NOT_TEXT.sub("", normalize_text(text).text))


def text_fingerprint(text: str) -> str | None:
    """32 hex digits that all copies of a text share; None for a text of less than 12 characters."""
    condensed = condensed_text(text)
    if len(condensed) < MIN_CHARACTERS:
        return None
    return hashlib.blake2b(condensed.encode(), digest_size=16).hexdigest()


def text_band(text: str, *, number: int) -> str | None:
    """One of the bands of a text, counted from 1: 16 hex digits; None for a text of less than 12 characters.

    Two texts have a band in common with probability J ** ROWS, where J is the share of character shingles
    that they have in common (Broder's MinHash, with locality-sensitive bands).
    """
    condensed = condensed_text(text)
    return None if len(condensed) < MIN_CHARACTERS else _bands(condensed)[number - 1]


@lru_cache(maxsize=MAX_KEPT)
def _bands(condensed: str) -> tuple[str, ...]:
    """The bands of a text: hashes of ROWS minima each over its shingles, under as many hash functions."""
    codes = np.frombuffer(condensed.encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    shingles = np.zeros(len(codes) - SHINGLE + 1, dtype=np.uint64)
    for place in range(SHINGLE):
        shingles = _mix(shingles ^ codes[place : place + len(shingles)])
    minima = _mix(shingles[:, None] ^ _SEEDS).min(axis=0).reshape(MAX_BANDS, ROWS)
    bands = _mix(np.arange(MAX_BANDS, dtype=np.uint64))
    for row in range(ROWS):
        bands = _mix(bands ^ minima[:, row])
    return tuple(f"{int(band):016x}" for band in bands)


def _mix(values: Hashes) -> Hashes:
    """Each value hashed: the steps of splitmix64, in 64 bits without carry."""
    mixed = values + _STEP
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    return mixed ^ (mixed >> np.uint64(31))
