"""Compiled loops over the characters of a text, each of some microseconds.

They keep the interpreter's lock: a thread that gives it up may wait for milliseconds until it has it again.
A text is given as code points, uint32[characters]; `properties` is the table beside this module.
"""

import numpy as np
from numba import njit

from scoring.texts.surveys.properties import (
    ALNUM,
    CATEGORY,
    COMBINING,
    DECIMAL,
    FACTS,
    LEET,
    LEET_SIGN,
    LONGEST_ASCII_WORD,
    LONGEST_RUN,
    MARKED_SINGLES,
    MIN_SINGLES,
    MOST_MARKS,
    PRESENT,
    SEPARATOR,
    SINGLES,
    SMALL_LATIN,
    SPACE,
    UNEVEN_SPACE,
    UNKNOWN,
    WORDS,
)

_BLANK, _UNDERSCORE, _ASCII = ord(" "), ord("_"), 128
_STEP, _MIX_1, _MIX_2 = (
    np.uint64(number) for number in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
_SHIFT_1, _SHIFT_2, _SHIFT_3 = np.uint64(30), np.uint64(27), np.uint64(31)
_LENGTH_SHIFT, _BYTE = np.uint64(56), np.uint64(8)


@njit(cache=True)
def survey(codes, properties):  # type: ignore[no-untyped-def]  # compiled
    """The facts of `scoring.texts.surveys.survey.Survey` by their places, int64[FACTS]."""
    facts = np.zeros(FACTS, np.int64)
    size = len(codes)
    present, before = np.int64(0), np.int64(SPACE)
    run, letters, marks, singles = 0, 0, 0, 0
    for place in range(size):
        code = codes[place]
        known = np.int64(properties[code])
        present |= known
        facts[UNKNOWN] += known == 0
        facts[known & CATEGORY] += 1
        run = run + 1 if place > 0 and codes[place - 1] == code else 1
        facts[LONGEST_RUN] = max(facts[LONGEST_RUN], run)
        marks = marks + 1 if known & COMBINING else 0
        facts[MOST_MARKS] = max(facts[MOST_MARKS], marks)
        letters = letters + 1 if known & ALNUM and code < _ASCII else 0
        facts[LONGEST_ASCII_WORD] = max(facts[LONGEST_ASCII_WORD], letters)
        after = np.int64(properties[codes[place + 1]]) if place + 1 < size else SPACE
        if known & SPACE:
            facts[UNEVEN_SPACE] |= code != _BLANK or before & SPACE or place + 1 == size
        elif after & SPACE:  # the end of a word
            facts[WORDS] += 1
            singles = singles + 1 if before & SPACE else 0
            facts[SINGLES] |= singles >= MIN_SINGLES
        if known & SEPARATOR and not facts[MARKED_SINGLES]:
            facts[MARKED_SINGLES] = _is_marked_single(codes, properties, place)
        if known & LEET_SIGN and before & SMALL_LATIN and after & (SMALL_LATIN | LEET_SIGN):
            facts[LEET] = 1
        before = known
    facts[PRESENT] = present
    return facts


@njit(cache=True)
def _is_marked_single(codes, properties, place):  # type: ignore[no-untyped-def]  # compiled
    """Whether a separator, one letter or digit and a separator follow, with at most a blank between them."""
    size = len(codes)
    place += 1
    if place < size and codes[place] == _BLANK:
        place += 1
    if place >= size or not properties[codes[place]] & ALNUM:
        return False
    place += 1
    if place < size and codes[place] == _BLANK:
        place += 1
    return place < size and (properties[codes[place]] & SEPARATOR) != 0


@njit(cache=True)
def condense(codes, properties):  # type: ignore[no-untyped-def]  # compiled
    """The letters and digits of a text, repeated letters once: uint32[kept]."""
    kept = np.empty(len(codes), np.uint32)
    size = 0
    for code in codes:
        known = properties[code]
        is_repeated = size > 0 and kept[size - 1] == code and not known & DECIMAL
        if known & ALNUM and not is_repeated:
            kept[size] = code
            size += 1
    return kept[:size].copy()


@njit(cache=True)
def mix(value):  # type: ignore[no-untyped-def]  # compiled
    """A number hashed: the steps of splitmix64, in 64 bits without carry."""
    mixed = value + _STEP
    mixed = (mixed ^ (mixed >> _SHIFT_1)) * _MIX_1
    mixed = (mixed ^ (mixed >> _SHIFT_2)) * _MIX_2
    return mixed ^ (mixed >> _SHIFT_3)


@njit(cache=True)
def band_hashes(codes, shingle, rows, bands):  # type: ignore[no-untyped-def]  # compiled
    """uint64[bands]: hashes of `rows` minima each over a text's shingles, under as many hash functions."""
    minima = np.full(bands * rows, np.uint64(0xFFFFFFFFFFFFFFFF))
    for start in range(len(codes) - shingle + 1):
        hashed = np.uint64(0)
        for place in range(start, start + shingle):
            hashed = mix(hashed ^ np.uint64(codes[place]))
        for seed in range(len(minima)):
            minima[seed] = min(minima[seed], mix(hashed ^ np.uint64(seed)))
    found = np.empty(bands, np.uint64)
    for band in range(bands):
        found[band] = mix(np.uint64(band))
        for row in range(rows):
            found[band] = mix(found[band] ^ minima[band * rows + row])
    return found


@njit(cache=True)
def count_words(codes, properties):  # type: ignore[no-untyped-def]  # compiled
    """(words, different words) of a text: runs of letters, digits and underscores."""
    hashes = np.empty(len(codes) // 2 + 1, np.uint64)
    words, inside = 0, False
    for code in codes:
        if properties[code] & ALNUM or code == _UNDERSCORE:
            before = hashes[words - 1] if inside else np.uint64(0)
            words += not inside
            hashes[words - 1] = mix(before ^ np.uint64(code))
            inside = True
        else:
            inside = False
    different = 0
    ordered = np.sort(hashes[:words])
    for place in range(words):
        different += place == 0 or ordered[place] != ordered[place - 1]
    return words, different


@njit(cache=True)
def store_codes(codes, values, keys, stored):  # type: ignore[no-untyped-def]  # compiled
    """Put each code with its value into a hash table of a power of two places; 0 is no code."""
    last = np.uint64(len(keys) - 1)
    for each in range(len(codes)):
        place = mix(codes[each]) & last
        while keys[place] != 0:
            place = (place + np.uint64(1)) & last
        keys[place], stored[place] = codes[each], values[each]


@njit(cache=True)
def count_values(found):  # type: ignore[no-untyped-def]  # compiled
    """(values, counts): those that are not negative, in order of appearance, and how often each occurs."""
    size = 2
    while size < 2 * len(found):
        size *= 2
    values, counts = np.empty(len(found), np.int32), np.zeros(len(found), np.int64)
    places = np.full(size, -1, np.int32)
    different = 0
    for value in found:
        if value < 0:
            continue
        slot = mix(np.uint64(value)) & np.uint64(size - 1)
        while places[slot] >= 0 and values[places[slot]] != value:
            slot = (slot + np.uint64(1)) & np.uint64(size - 1)
        if places[slot] < 0:
            places[slot] = different
            values[different] = value
            different += 1
        counts[places[slot]] += 1
    return values[:different].copy(), counts[:different].copy()


@njit(cache=True)
def longest_known(octets, longest, keys, stored):  # type: ignore[no-untyped-def]  # compiled
    """int32[octets]: the value of the longest known code that ends at each byte, -1 for none.

    A code is up to `longest` bytes as a number, with their count in the highest byte.
    """
    found = np.full(len(octets), -1, np.int32)
    last = np.uint64(len(keys) - 1)
    window = np.uint64(0)
    for end in range(len(octets)):
        window = (window << _BYTE) | np.uint64(octets[end])
        for length in range(min(longest, end + 1), 0, -1):
            size = np.uint64(length)
            code = (window & ((np.uint64(1) << (size * _BYTE)) - np.uint64(1))) | (size << _LENGTH_SHIFT)
            place = mix(code) & last
            while keys[place] != 0 and keys[place] != code:
                place = (place + np.uint64(1)) & last
            if keys[place] == code:
                found[end] = stored[place]
                break
    return found
