"""Exact search among many hashes: all within a Hamming distance, from tables of their bands.

A hash takes 104 bytes: itself 32, its id 8, the tables 64. The tables' directories take 4 MiB together.
Whatever the hashes are, a search never costs more than comparing the query with each of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.images import search_kernel as kernel
from scoring.images.errors import InvalidDistance, RepeatedHashId, UnknownHashId
from scoring.images.hashes import BITS, WORDS, Words

MIN_TABLED = 20_000  # fewer hashes are compared one by one, which takes 30 us; tables would need 4 MiB
MAX_CHANGED_SHARE = 32  # changes are merged into the tables at MIN_TABLED, or at this part of their length
_FIRST_CAPACITY = 256  # matches that a search has room for; when there are more, it runs again

Ids = NDArray[np.int64]


class NumberedHashes(NamedTuple):
    """n hashes, uint64[n, 4], with their ids, int64[n]."""

    hashes: Words
    ids: Ids

    @classmethod
    def of(cls, hashes: Words, ids: Ids | Sequence[int]) -> "NumberedHashes":
        """In order of the ids; raises RepeatedHashId."""
        numbers = np.asarray(ids, dtype=np.int64)
        order = np.argsort(numbers, kind="stable")
        numbers = numbers[order]
        repeated = numbers[1:][numbers[1:] == numbers[:-1]]
        if repeated.size:
            raise RepeatedHashId(int(repeated[0]))
        words = np.asarray(hashes, dtype=np.uint64).reshape(len(numbers), WORDS)
        return cls(np.ascontiguousarray(words[order]), numbers)

    def places(self, ids: Ids) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Where each of `ids` would be, and whether it is there."""
        at = np.searchsorted(self.ids, ids)
        known = at < len(self.ids)
        known[known] = self.ids[at[known]] == ids[known]
        return at, known

    def without(self, places: NDArray[np.int64]) -> "NumberedHashes":
        return NumberedHashes(np.delete(self.hashes, places, axis=0), np.delete(self.ids, places))

    def joined(self, others: "NumberedHashes") -> "NumberedHashes":
        hashes = np.concatenate([self.hashes, others.hashes])
        return NumberedHashes.of(hashes, np.concatenate([self.ids, others.ids]))


NO_HASHES = NumberedHashes(np.empty((0, WORDS), np.uint64), np.empty(0, np.int64))
_NO_PLACES = np.empty(0, np.int64)


class Matches(NamedTuple):
    """Hashes within a distance: their ids, and their distances; the nearest first, then by id."""

    ids: Ids
    distances: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class BandTables:
    """Hashes with the tables of `search_kernel`."""

    numbered: NumberedHashes
    starts: NDArray[np.uint32]
    places: NDArray[np.uint32]

    @classmethod
    def of(cls, numbered: NumberedHashes) -> "BandTables":
        starts = np.empty((kernel.BANDS, kernel.VALUES + 1), np.uint32)
        places = np.empty((kernel.BANDS, len(numbered.ids)), np.uint32)
        kernel.fill_tables(numbered.hashes, starts, places)
        return cls(numbered, starts, places)

    def search(self, query: Words, distance: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Places and distances of the hashes within `distance`."""
        radii = np.empty(kernel.BANDS, np.int64)
        cost = kernel.plan(query, distance, self.starts, radii)
        if cost >= len(self.numbered.ids):
            return scan(query, distance, self.numbered.hashes)
        capacity = _FIRST_CAPACITY
        while True:
            found, distances = np.empty((2, capacity), np.int64)
            count = kernel.search_tables(
                query, distance, self.numbered.hashes, self.starts, self.places, radii, found, distances
            )
            if count <= capacity:
                return found[:count], distances[:count]
            capacity = count

    @property
    def nbytes(self) -> int:
        """The size of the tables, without the hashes."""
        return self.starts.nbytes + self.places.nbytes


def scan(query: Words, distance: int, hashes: Words) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places and distances of the hashes uint64[n, 4] within `distance`, by comparing each."""
    capacity = _FIRST_CAPACITY
    while True:
        found, distances = np.empty((2, capacity), np.int64)
        count = kernel.scan(query, distance, hashes, found, distances)
        if count <= capacity:
            return found[:count], distances[:count]
        capacity = count


@dataclass(frozen=True, slots=True, eq=False)
class HashIndex:
    """Hashes in tables (none if they are few), less those removed since, and those added since.

    `removed` are places in the tables' hashes.
    """

    tables: BandTables | None = None
    added: NumberedHashes = NO_HASHES
    removed: NDArray[np.int64] = field(default_factory=lambda: _NO_PLACES)

    @classmethod
    def of(cls, hashes: Words, ids: Ids | Sequence[int]) -> "HashIndex":
        """The index of `hashes` uint64[n, 4] with an id each; raises RepeatedHashId."""
        return cls._of(NumberedHashes.of(hashes, ids))

    @classmethod
    def _of(cls, numbered: NumberedHashes) -> "HashIndex":
        if len(numbered.ids) < MIN_TABLED:
            return cls(added=numbered)
        return cls(BandTables.of(numbered))

    def __len__(self) -> int:
        return len(self._stored.ids) - len(self.removed) + len(self.added.ids)

    @property
    def nbytes(self) -> int:
        """The size of all arrays."""
        arrays = (*self._stored, *self.added, self.removed)
        return sum(array.nbytes for array in arrays) + (self.tables.nbytes if self.tables else 0)

    def search(self, query: Words, distance: int) -> Matches:
        """All hashes within `distance` of `query` uint64[4]; raises InvalidDistance."""
        if not 0 <= distance <= BITS:
            raise InvalidDistance(distance, BITS)
        at, apart = scan(query, distance, self.added.hashes)
        ids = self.added.ids[at]
        if self.tables:
            at, near = self.tables.search(query, distance)
            if self.removed.size:
                kept = ~np.isin(at, self.removed)
                at, near = at[kept], near[kept]
            ids = np.concatenate([self._stored.ids[at], ids])
            apart = np.concatenate([near, apart])
        order = np.lexsort((ids, apart))
        return Matches(ids[order], apart[order])

    def changed(self, added: tuple[Words, Ids | Sequence[int]], removed: Ids | Sequence[int]) -> "HashIndex":
        """The index without the ids `removed`, and with the hashes `added` (hashes and ids).

        An id that is removed may be added again. Raises UnknownHashId and RepeatedHashId.
        """
        left = self._without(np.unique(np.asarray(removed, dtype=np.int64)))
        new = NumberedHashes.of(*added)
        left._refuse_repeated(new.ids)
        joined = HashIndex(left.tables, left.added.joined(new), left.removed)
        changes = len(joined.added.ids) + len(joined.removed)
        if changes >= max(MIN_TABLED, len(joined._stored.ids) // MAX_CHANGED_SHARE):
            return HashIndex._of(joined._stored.without(joined.removed).joined(joined.added))
        return joined

    @property
    def _stored(self) -> NumberedHashes:
        return self.tables.numbered if self.tables else NO_HASHES

    def _without(self, ids: Ids) -> "HashIndex":
        at, is_added = self.added.places(ids)
        elsewhere = ids[~is_added]
        places, is_stored = self._stored.places(elsewhere)
        is_stored[is_stored] = ~np.isin(places[is_stored], self.removed)
        if not is_stored.all():
            raise UnknownHashId(int(elsewhere[~is_stored][0]))
        gone = np.concatenate([self.removed, places])
        return HashIndex(self.tables, self.added.without(at[is_added]), gone)

    def _refuse_repeated(self, ids: Ids) -> None:
        places, is_stored = self._stored.places(ids)
        is_stored[is_stored] = ~np.isin(places[is_stored], self.removed)
        known = is_stored | self.added.places(ids)[1]
        if known.any():
            raise RepeatedHashId(int(ids[known][0]))


def compile_kernels() -> None:
    """Compile the kernels of a search, or load them from the cache on disk."""
    numbered = NumberedHashes.of(np.zeros((1, WORDS), np.uint64), [0])
    tables = BandTables.of(numbered)
    radii, found, distances = np.empty((3, kernel.BANDS), np.int64)
    kernel.plan(numbered.hashes[0], 0, tables.starts, radii)
    kernel.search_tables(
        numbered.hashes[0], 0, numbered.hashes, tables.starts, tables.places, radii, found, distances
    )
    kernel.scan(numbered.hashes[0], 0, numbered.hashes, found, distances)
