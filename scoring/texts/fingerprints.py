"""Fingerprints of texts: an exact one of what is read, and bands that near-duplicates share.

Both are of the condensed text: letters and digits alone, without repetitions. Neither disguises nor spaces
nor marks change it.
"""

import hashlib
from functools import lru_cache

from scoring.texts.normalization import normalize_text
from scoring.texts.surveys.properties import PROPERTIES
from scoring.texts.surveys.survey import MAX_KEPT, codes_of, compiled, survey, text_of

MIN_CHARACTERS = 12  # shorter texts are alike without being copies: "thank you"
SHINGLE = 4  # characters
# Minima in a band. Of texts that share 80 % of their shingles 94 % have one of four bands in common, of those
# that share 70 % 81 %, of those that share 20 % 3 %.
ROWS = 3
MAX_BANDS = 8


@lru_cache(maxsize=MAX_KEPT)
def condensed_text(text: str) -> str:
    """The normalized text's letters and digits, with doubled letters once.

    >>> condensed_text("FREE money: 100 $!!"), condensed_text("f r e e  m0ney -- 100")
    ('fremoney100', 'fremoney100')
    """
    return text_of(compiled().condense(survey(normalize_text(text).text).codes, PROPERTIES))


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
    bands = compiled().band_hashes(codes_of(condensed), SHINGLE, ROWS, MAX_BANDS)
    return tuple(f"{band:016x}" for band in bands.tolist())
