"""Numba kernels of the hash index: they build its tables, plan a search and run it.

A hash of 256 bits is cut into 16 bands of 16 bits. A table lists, for each value of a band, the places of
the hashes that have it. A search gives each band a radius: it reads the buckets of all values within that
distance of the query's. If radius + 1, summed over the bands, exceeds the distance searched for, then a hash
outside all those buckets differs in radius + 1 bits or more of each band, so in more bits than the distance:
no match is missed (the general pigeonhole principle; Qin et al. 2018, GPH: Similarity Search in Hamming
Space).
"""

# Numeric kernels: flat, and in forms that numba compiles to plain branches and vectors.
# mypy: disallow-untyped-defs=False
# ruff: noqa: PLR0917

from itertools import combinations

import numpy as np
from numba import njit

BANDS, BAND_BITS = 16, 16
VALUES = 1 << BAND_BITS
MAX_RADIUS = 3
SKIPPED = -1  # the radius of a band in which no bucket is read

# What reading costs, in units of a hash of a scan (1.3 ns), as measured with a million hashes. A candidate
# lies anywhere in memory, the hashes of a scan follow each other.
CANDIDATE, BUCKET = 24.0, 4.0

# Differences of a band, those of fewer bits first; the first RADIUS_ENDS[radius] are within `radius`.
DIFFERENCES = np.array(
    [
        sum(1 << bit for bit in bits)
        for radius in range(MAX_RADIUS + 1)
        for bits in combinations(range(BAND_BITS), radius)
    ],
    dtype=np.int64,
)
RADIUS_ENDS = np.cumsum([1, 16, 120, 560])

_LOW = np.uint64(VALUES - 1)
_NONE = np.uint64(0)
_ONE = np.uint64(1)


@njit(cache=True, nogil=True, error_model="numpy")
def _bits(word):
    """The number of bits that are set: compiled to one instruction."""
    count = 0
    while word != _NONE:
        word &= word - _ONE
        count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _band(words, band):
    return np.int64((words[band >> 2] >> np.uint64((band & 3) * BAND_BITS)) & _LOW)


@njit(cache=True, nogil=True, error_model="numpy")
def _distance(one, others, place):
    return (
        _bits(one[0] ^ others[place, 0])
        + _bits(one[1] ^ others[place, 1])
        + _bits(one[2] ^ others[place, 2])
        + _bits(one[3] ^ others[place, 3])
    )


@njit(cache=True, nogil=True, error_model="numpy")
def fill_tables(hashes, starts, places):
    """Writes the tables of `hashes` uint64[n, 4].

    The hashes whose band b has the value v are at places[b, starts[b, v] : starts[b, v + 1]]. `starts` is
    uint32[BANDS, VALUES + 1], `places` uint32[BANDS, n].
    """
    n = hashes.shape[0]
    for band in range(BANDS):
        starts[band, :] = 0
        for place in range(n):
            starts[band, _band(hashes[place], band) + 1] += 1
        for value in range(VALUES):
            starts[band, value + 1] += starts[band, value]
        following = starts[band, :VALUES].copy()
        for place in range(n):
            value = _band(hashes[place], band)
            places[band, following[value]] = place
            following[value] += 1


@njit(cache=True, nogil=True, error_model="numpy")
def plan(query, distance, starts, radii):
    """Writes the radius of each band with which a search costs least, SKIPPED where none is needed.

    The answer is the cost, in units of a scanned hash; infinite if no radii suffice for `distance`.
    """
    needed = distance + 1
    max_radius = min(MAX_RADIUS, distance // BANDS + 1)
    best = np.full(needed + 1, np.inf)  # the least cost of the bands so far, by the sum of radius + 1
    best[0] = 0.0
    chosen = np.full((BANDS, needed + 1), SKIPPED)
    costs = np.empty(MAX_RADIUS + 1)
    for band in range(BANDS):
        key = _band(query, band)
        candidates = 0
        at = 0
        for radius in range(max_radius + 1):
            while at < RADIUS_ENDS[radius]:
                value = key ^ DIFFERENCES[at]
                candidates += starts[band, value + 1] - starts[band, value]
                at += 1
            costs[radius] = BUCKET * at + CANDIDATE * candidates
        for reached in range(needed, 0, -1):  # downwards, so that best[reached - step] is without this band
            for radius in range(max_radius + 1):
                cost = best[max(reached - radius - 1, 0)] + costs[radius]
                if cost < best[reached]:
                    best[reached] = cost
                    chosen[band, reached] = radius
    reached = needed
    for band in range(BANDS - 1, -1, -1):
        radii[band] = chosen[band, reached]
        reached = max(reached - radii[band] - 1, 0)
    return best[needed]


@njit(cache=True, nogil=True, error_model="numpy")
def _is_read_before(query, hashes, place, band, radii):
    """Whether an earlier band's buckets hold this hash too."""
    for earlier in range(band):
        difference = np.uint64(_band(query, earlier) ^ _band(hashes[place], earlier))
        if _bits(difference) <= radii[earlier]:
            return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def search_tables(query, distance, hashes, starts, places, radii, found, found_distances):
    """Writes the places and distances of the hashes within `distance` of `query`, each once.

    The answer is their number. If it is larger than the arrays, only the first are written.
    """
    count = 0
    for band in range(BANDS):
        if radii[band] == SKIPPED:
            continue
        key = _band(query, band)
        for at in range(RADIUS_ENDS[radii[band]]):
            value = key ^ DIFFERENCES[at]
            for entry in range(starts[band, value], starts[band, value + 1]):
                place = places[band, entry]
                apart = _distance(query, hashes, place)
                if apart <= distance and not _is_read_before(query, hashes, place, band, radii):
                    if count < found.size:
                        found[count] = place
                        found_distances[count] = apart
                    count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def scan(query, distance, hashes, found, found_distances):
    """The same as `search_tables`, by comparing every hash."""
    count = 0
    for place in range(hashes.shape[0]):
        apart = _distance(query, hashes, place)
        if apart <= distance:
            if count < found.size:
                found[count] = place
                found_distances[count] = apart
            count += 1
    return count
