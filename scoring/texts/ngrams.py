"""Hashed n-grams: parts of the normalized text as columns of a sparse matrix.

Character n-grams of 2 to 5 characters within words, borders included, and one or two words. The columns
depend on the text alone: they are the same in every process, on every machine, in every order of texts.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from scoring.texts import ngram_kernel
from scoring.texts.ngram_places import COLUMNS, coded
from scoring.texts.normalization import normalize_text


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


def compile_kernels() -> None:
    """Compile the loops, or load them from the cache on disk."""
    linear_sums("any text", np.zeros((COLUMNS, 1), np.float32), np.zeros(1))


def ngram_row(text: str) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Columns in ascending order and their values."""
    hashes, _, _ = ngram_kernel.hash_ngrams(*coded(normalize_text(text)))
    ordered = ngram_kernel.columns_of(hashes)
    ordered.sort()  # NumPy sorts several times faster than compiled code
    columns, values = ngram_kernel.weigh(ordered)
    return columns, values


def linear_sums(
    text: str, weights: NDArray[np.floating], intercepts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """float64[heads]: the text's row times weights[COLUMNS, heads], plus the intercepts."""
    return np.asarray(ngram_kernel.add_weights(*ngram_row(text), weights, intercepts))
