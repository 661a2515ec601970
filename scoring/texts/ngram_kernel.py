"""Compiled loops of `scoring.texts.ngrams`: hashes of n-grams with their places, and weights of columns.

Hashes are 64-bit integer arithmetic (the steps of splitmix64), so they are the same on every machine.
"""

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from scoring.texts.ngram_places import (
    BITS,
    BLANK,
    BORDER,
    CHARACTERS_SEED,
    EMOJI,
    MAX_SIZE,
    MIN_SIZE,
    MIX_1,
    MIX_2,
    PAIRS_SEED,
    STEP,
    WORD,
    WORDS_SEED,
)

_BORDER = np.uint64(BORDER)
_CHARACTERS, _WORDS, _PAIRS = np.uint64(CHARACTERS_SEED), np.uint64(WORDS_SEED), np.uint64(PAIRS_SEED)
_STEP, _MIX_1, _MIX_2 = np.uint64(STEP), np.uint64(MIX_1), np.uint64(MIX_2)
_SHIFT_1, _SHIFT_2, _SHIFT_3 = np.uint64(30), np.uint64(27), np.uint64(31)
_TO_COLUMN = np.uint64(64 - BITS)

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int32]


@njit(cache=True, nogil=True)
def mix(state, value):  # type: ignore[no-untyped-def]  # compiled
    """A hash with one more value in it."""
    mixed = (state ^ value) + _STEP
    mixed = (mixed ^ (mixed >> _SHIFT_1)) * _MIX_1
    mixed = (mixed ^ (mixed >> _SHIFT_2)) * _MIX_2
    return mixed ^ (mixed >> _SHIFT_3)


@njit(cache=True, nogil=True)
def hash_ngrams(codes, kinds):  # type: ignore[no-untyped-def]  # compiled
    """(hashes, starts, ends) of all n-grams of a normalized text, in no particular order.

    codes: uint32[characters]; kinds: uint8[characters] of MARK, WORD, BLANK, EMOJI.
    """
    size = len(codes)
    most = (size + 2) * 2 * (MAX_SIZE - MIN_SIZE + 1) + 2 * size
    hashes = np.empty(most, np.uint64)
    starts, ends = np.empty(most, np.int32), np.empty(most, np.int32)
    found = 0
    start = 0
    while start < size:
        if kinds[start] == BLANK:
            start += 1
            continue
        end = start
        while end < size and kinds[end] != BLANK:
            end += 1
        for first in range(start - 1, end):
            state = _CHARACTERS
            for place in range(first, min(first + MAX_SIZE, end + 1)):
                inside = start <= place < end
                state = mix(state, np.uint64(codes[place]) if inside else _BORDER)
                if place - first + 1 >= MIN_SIZE:
                    hashes[found] = state
                    starts[found] = max(first, start)
                    ends[found] = min(place + 1, end)
                    found += 1
        start = end
    last_word, last_start = np.uint64(0), -1
    place = 0
    while place < size:
        if kinds[place] != WORD and kinds[place] != EMOJI:
            place += 1
            continue
        start = place
        state = mix(_WORDS, np.uint64(codes[place]))
        place += 1
        while kinds[start] == WORD and place < size and kinds[place] == WORD:
            state = mix(state, np.uint64(codes[place]))
            place += 1
        hashes[found], starts[found], ends[found] = state, start, place
        found += 1
        if last_start >= 0:
            hashes[found] = mix(mix(_PAIRS, last_word), state)
            starts[found], ends[found] = last_start, place
            found += 1
        last_word, last_start = state, start
    return hashes[:found], starts[:found], ends[:found]


@njit(cache=True, nogil=True)
def columns_of(hashes):  # type: ignore[no-untyped-def]  # compiled
    """The column of each hash: int32[hashes]."""
    columns = np.empty(len(hashes), np.int32)
    for place in range(len(hashes)):
        columns[place] = np.int32(hashes[place] >> _TO_COLUMN)
    return columns


@njit(cache=True, nogil=True)
def weigh(ordered):  # type: ignore[no-untyped-def]  # compiled
    """(columns, values): each of the ordered columns once, with 1 + ln(count), of unit length."""
    columns = np.empty(len(ordered), np.int32)
    weights = np.empty(len(ordered), np.float64)
    found, place, square = 0, 0, 0.0
    while place < len(ordered):
        first = place
        while place < len(ordered) and ordered[place] == ordered[first]:
            place += 1
        weight = 1.0 + math.log(place - first)
        columns[found], weights[found] = ordered[first], weight
        square += weight * weight
        found += 1
    length = math.sqrt(square) if square > 0 else 1.0
    return columns[:found].copy(), (weights[:found] / length).astype(np.float32)


@njit(cache=True, nogil=True)
def add_weights(columns, values, weights, intercepts):  # type: ignore[no-untyped-def]  # compiled
    """float64[heads]: what the columns of a text add to the intercepts, by weights[column, head].

    Added one by one in ascending order, so the sums are those of SciPy's product of a sparse row.
    """
    heads = weights.shape[1]
    sums = np.zeros(heads)
    for place in range(len(columns)):
        value = np.float64(values[place])
        of_column = weights[columns[place]]
        for head in range(heads):
            sums[head] += value * np.float64(of_column[head])
    return sums + intercepts
