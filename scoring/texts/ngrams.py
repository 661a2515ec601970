"""Hashed n-grams: parts of the normalized text as columns of a sparse matrix.

Character n-grams of 2 to 5 characters within words, borders included, and one or two words. The columns
depend on the text alone: they are the same in every process, on every machine, in every order of texts.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from scoring.texts import ngram_kernel
from scoring.texts.normalization import NormalizedText, normalize_text

COLUMNS = ngram_kernel.COLUMNS
# What the columns mean. A model states it, so that code with another meaning refuses the model.
SCHEME = "1: characters 2-5 in words, words 1-2, 2**18 columns, 1 + ln(count), unit length"

Codes = npt.NDArray[np.uint32]
NgramSpan = tuple[int, float, int, int]


def ngram_rows(texts: Sequence[str]) -> csr_matrix:
    """One row a text: 1 + ln(count) of its n-grams, of unit length. A text without any is an empty row.

    >>> rows = ngram_rows(["free money", "FREE m0ney", ""])
    >>> rows.shape, bool((rows[0] != rows[1]).nnz == 0), rows[2].nnz
    ((3, 262144), True, 0)
    """
    parts = [ngram_row(text) for text in texts]
    sizes = [len(columns) for columns, _ in parts]
    indptr = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)
    columns = np.concatenate([part for part, _ in parts] or [np.empty(0, np.int32)])
    values = np.concatenate([part for _, part in parts] or [np.empty(0, np.float32)])
    rows = csr_matrix((values, columns, indptr), shape=(len(parts), COLUMNS))
    rows.has_sorted_indices = rows.has_canonical_format = True
    return rows


def ngram_row(text: str) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Columns in ascending order and their values."""
    hashes, _, _ = ngram_kernel.hash_ngrams(*_coded(normalize_text(text)))
    columns, values = ngram_kernel.weigh(hashes)
    return columns, values


def ngram_spans(text: str) -> list[NgramSpan]:
    """(column, value, start, end) of every n-gram, with its place in the original text, ordered by place.

    A value is that of the column in the text's row, however often its n-gram occurs.
    """
    normalized = normalize_text(text)
    hashes, starts, ends = ngram_kernel.hash_ngrams(*_coded(normalized))
    columns, values = ngram_kernel.weigh(hashes)
    value_of = dict(zip(columns.tolist(), values.tolist(), strict=True))
    places = ngram_kernel.columns_of(hashes)
    return sorted(
        (
            (column, value_of[column], *normalized.span(start, end))
            for column, start, end in zip(places.tolist(), starts.tolist(), ends.tolist(), strict=True)
        ),
        key=lambda found: (found[2], found[3], found[0]),
    )


def _coded(normalized: NormalizedText) -> tuple[Codes, npt.NDArray[np.uint8]]:
    """The code points of the text, and what each is to words."""
    text = normalized.text
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").astype(np.uint32, copy=False)
    kinds = np.fromiter(map(_kind, text), dtype=np.uint8, count=len(text))
    return codes, kinds


@lru_cache(maxsize=16_384)
def _kind(character: str) -> int:
    """What a character is to words. The marks of a script, such as the vowels of Hindi, belong to them."""
    category = unicodedata.category(character)
    if character == " ":
        return ngram_kernel.BLANK
    if category[0] in "LNM" or character == "_":
        return ngram_kernel.WORD
    return ngram_kernel.EMOJI if category == "So" else ngram_kernel.MARK
