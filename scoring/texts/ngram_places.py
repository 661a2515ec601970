"""The n-grams of a text with their places, in NumPy: for pages, which mark few texts.

Hashes and columns are those of `scoring.texts.ngrams`, whose compiled loops give a row much faster.
"""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from scoring.texts.normalization import NormalizedText, normalize_text
from scoring.texts.surveys.properties import CATEGORIES, CATEGORY, PROPERTIES
from scoring.texts.surveys.survey import survey

BITS = 18
COLUMNS = 2**BITS
MIN_SIZE, MAX_SIZE = 2, 5  # characters in an n-gram
# What the columns mean. A model states it, so that code with another meaning refuses the model.
SCHEME = "1: characters 2-5 in words, words 1-2, 2**18 columns, 1 + ln(count), unit length"

MARK, WORD, BLANK, EMOJI = 0, 1, 2, 3  # kinds of characters: an emoji is a word of its own
BORDER = 0x110000  # of a word; beyond all code points
CHARACTERS_SEED, WORDS_SEED, PAIRS_SEED = 0x51, 0x52, 0x53  # kinds of n-grams
STEP, MIX_1, MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB  # of splitmix64
_64_BITS = 2**64 - 1

Codes = npt.NDArray[np.uint32]
Hashes = npt.NDArray[np.uint64]
NgramSpan = tuple[int, float, int, int]
Place = tuple[int, int, int]  # hash, start and end in the normalized text


def ngram_spans(text: str) -> list[NgramSpan]:
    """(column, value, start, end) of every n-gram, with its place in the original text, ordered by place.

    A value is that of the column in the text's row, however often its n-gram occurs.
    """
    normalized = normalize_text(text)
    codes, kinds = coded(normalized)
    found = [*_character_ngrams(codes, kinds), *_word_ngrams(codes, kinds)]
    values = _values_of([hashed >> (64 - BITS) for hashed, _, _ in found])
    return sorted(
        (
            (column := hashed >> (64 - BITS), values[column], *normalized.span(start, end))
            for hashed, start, end in found
        ),
        key=lambda span: (span[2], span[3], span[0]),
    )


def coded(normalized: NormalizedText) -> tuple[Codes, npt.NDArray[np.uint8]]:
    """The code points of the text, and what each is to words."""
    codes = survey(normalized.text).codes
    kinds = KINDS[PROPERTIES[codes] & np.uint32(CATEGORY)]
    kinds[codes == ord(" ")] = BLANK
    kinds[codes == ord("_")] = WORD
    return codes, kinds


def _kind(category: str) -> int:
    """What a character is to words. The marks of a script, such as the vowels of Hindi, belong to them."""
    if category[0] in "LNM":
        return WORD
    return EMOJI if category == "So" else MARK


KINDS = np.array([_kind(category) for category in CATEGORIES], np.uint8)  # of all but blanks and underscores


def _character_ngrams(codes: Codes, kinds: npt.NDArray[np.uint8]) -> Iterator[Place]:
    """Those of every run between blanks, with a border before and after it."""
    for start, end in _runs(kinds != BLANK):
        padded = np.full(end - start + 2, BORDER, np.uint64)
        padded[1:-1] = codes[start:end]
        hashes = np.full(len(padded), CHARACTERS_SEED, np.uint64)
        for size in range(1, min(MAX_SIZE, len(padded)) + 1):
            hashes = _mix(hashes[: len(padded) - size + 1], padded[size - 1 :])
            if size >= MIN_SIZE:
                for first, hashed in enumerate(hashes.tolist(), start=start - 1):
                    yield hashed, max(first, start), min(first + size, end)


def _word_ngrams(codes: Codes, kinds: npt.NDArray[np.uint8]) -> Iterator[Place]:
    """Words and pairs of neighboring words."""
    last = last_start = -1
    for start, end in _words(kinds):
        hashed = WORDS_SEED
        for code in codes[start:end].tolist():
            hashed = _mix_one(hashed, code)
        yield hashed, start, end
        if last_start >= 0:
            yield _mix_one(_mix_one(PAIRS_SEED, last), hashed), last_start, end
        last, last_start = hashed, start


def _words(kinds: npt.NDArray[np.uint8]) -> list[tuple[int, int]]:
    emoji = [(place, place + 1) for place in np.flatnonzero(kinds == EMOJI).tolist()]
    return sorted([*_runs(kinds == WORD), *emoji])


def _runs(inside: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Starts and ends of the runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _values_of(columns: list[int]) -> dict[int, float]:
    """1 + ln(count) of each column, together of unit length, as float32."""
    unique, counts = np.unique(np.array(columns, dtype=np.int64), return_counts=True)
    weights = np.array([1.0 + math.log(count) for count in counts.tolist()])
    length = math.sqrt(np.cumsum(weights * weights)[-1]) if len(weights) else 1.0
    return dict(zip(unique.tolist(), (weights / length).astype(np.float32).tolist(), strict=True))


def _mix(states: Hashes, values: Hashes) -> Hashes:
    """A step of splitmix64 for each pair, in 64 bits without carry."""
    mixed = (states ^ values) + np.uint64(STEP)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(MIX_1)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(MIX_2)
    return mixed ^ (mixed >> np.uint64(31))


def _mix_one(state: int, value: int) -> int:
    mixed = ((state ^ value) + STEP) & _64_BITS
    mixed = ((mixed ^ (mixed >> 30)) * MIX_1) & _64_BITS
    mixed = ((mixed ^ (mixed >> 27)) * MIX_2) & _64_BITS
    return mixed ^ (mixed >> 31)
