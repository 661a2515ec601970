"""A search finds exactly the hashes within the distance, whatever the hashes are and however they came."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.images import search_kernel as kernel
from scoring.images.errors import InvalidDistance, RepeatedHashId, UnknownHashId
from scoring.images.hash_index import MAX_CHANGED_SHARE, MIN_TABLED, BandTables, HashIndex, NumberedHashes
from scoring.images.hashes import Words, distances

Generator = np.random.Generator

DISTANCES = st.integers(0, 63)
SEEDS = st.integers(0, 2**32 - 1)


def random_hashes(rng: Generator, n: int) -> Words:
    return rng.integers(0, 2**64, (n, 4), dtype=np.uint64)


def flipped(rng: Generator, hashes: Words, most: int) -> Words:
    """The hashes with up to `most` bits of each changed."""
    result, rows = hashes.copy(), np.arange(len(hashes))
    changes = rng.integers(0, most + 1, len(hashes))
    for change in range(most):
        bits = rng.integers(0, 256, len(hashes))
        masks = np.uint64(1) << (bits % 64).astype(np.uint64)
        result[rows, bits // 64] ^= np.where(change < changes, masks, np.uint64(0))
    return result


def clustered(rng: Generator, n: int) -> Words:
    """Near-duplicates of few hashes, at all distances up to 80."""
    return flipped(rng, random_hashes(rng, 5)[rng.integers(0, 5, n)], 80)


def same_bands(rng: Generator, n: int) -> Words:
    """Hashes that differ in one word only, so that twelve bands have one huge bucket each."""
    hashes = np.tile(random_hashes(rng, 1), (n, 1))
    hashes[:, rng.integers(0, 4)] = rng.integers(0, 2**64, n, dtype=np.uint64)
    return hashes


def spread_over_bands(rng: Generator, n: int) -> Words:
    """Neighbors of one hash that differ by as many bits in every band: the worst case of the pigeonhole."""
    hashes = np.tile(random_hashes(rng, 1), (n, 1))
    for row in hashes:
        bits = rng.integers(1, 5)
        for band in range(16):
            for bit in rng.choice(16, bits - (rng.random() < 0.2), replace=False):
                row[band // 4] ^= np.uint64(1) << np.uint64(16 * (band % 4) + bit)
    return hashes


def equal_hashes(rng: Generator, n: int) -> Words:
    return np.zeros((n, 4), np.uint64)


SETS = st.sampled_from([random_hashes, clustered, same_bands, spread_over_bands, equal_hashes])


def by_comparing(hashes: Words, ids: np.ndarray, query: Words, distance: int) -> list[tuple[int, int]]:
    apart = distances(query, hashes)
    return sorted((int(d), int(number)) for number, d in zip(ids, apart, strict=True) if d <= distance)


def found(index: HashIndex, query: Words, distance: int) -> list[tuple[int, int]]:
    matches = index.search(query, distance)
    return list(zip(matches.distances.tolist(), matches.ids.tolist(), strict=True))


@settings(max_examples=60, deadline=None)
@given(SEEDS, SETS, DISTANCES)
def test_tables_find_what_comparing_finds(
    seed: int, make: Callable[[Generator, int], Words], distance: int
) -> None:
    rng = np.random.default_rng(seed)
    hashes = make(rng, 120)
    tables = BandTables.of(NumberedHashes.of(hashes, np.arange(120)))
    radii = np.empty(16, np.int64)
    for query in (hashes[0], flipped(rng, hashes[1:2], distance)[0], random_hashes(rng, 1)[0]):
        places, apart = np.empty((2, 120), np.int64)
        assert np.isfinite(kernel.plan(query, distance, tables.starts, radii))
        count = kernel.search_tables(
            query, distance, hashes, tables.starts, tables.places, radii, places, apart
        )
        matches = sorted(zip(apart[:count].tolist(), places[:count].tolist(), strict=True))
        assert matches == by_comparing(hashes, np.arange(120), query, distance)


@given(SEEDS, DISTANCES)
def test_the_radii_of_a_search_leave_no_gap(seed: int, distance: int) -> None:
    rng = np.random.default_rng(seed)
    starts = np.cumsum(rng.integers(0, 9, (16, kernel.VALUES + 1)), axis=1).astype(np.uint32)
    radii = np.empty(16, np.int64)
    kernel.plan(random_hashes(rng, 1)[0], distance, starts, radii)
    assert sum(radii + 1) > distance
    assert set(radii.tolist()) <= {-1, 0, 1, 2, 3}


def test_differences_of_a_band_are_ordered_by_their_bits() -> None:
    bits = [int(difference).bit_count() for difference in kernel.DIFFERENCES]
    assert bits == sorted(bits)
    assert [bits.count(number) for number in range(4)] == [1, 16, 120, 560]
    assert len(set(kernel.DIFFERENCES.tolist())) == 697
    assert kernel.RADIUS_ENDS.tolist() == [1, 17, 137, 697]


@pytest.mark.parametrize("make", [random_hashes, clustered, same_bands, equal_hashes])
@pytest.mark.parametrize("distance", [0, 15, 31, 47, 63, 64, 256])
def test_an_index_with_tables_finds_what_comparing_finds(
    make: Callable[[Generator, int], Words], distance: int
) -> None:
    rng = np.random.default_rng(11)
    hashes, ids = make(rng, MIN_TABLED), rng.permutation(10 * MIN_TABLED)[:MIN_TABLED]
    index = HashIndex.of(hashes, ids)
    assert index.tables
    for query in (hashes[0], flipped(rng, hashes[:1], 40)[0]):
        assert found(index, query, distance) == by_comparing(hashes, ids, query, distance)


@settings(max_examples=25, deadline=None)
@given(SEEDS, SETS, DISTANCES, st.booleans())
def test_an_index_after_changes_is_the_index_of_what_is_left(
    seed: int, make: Callable[[Generator, int], Words], distance: int, large: bool
) -> None:
    rng = np.random.default_rng(seed)
    n = MIN_TABLED if large else 50
    hashes = np.concatenate([make(rng, 100), random_hashes(rng, n)])
    left = dict(enumerate(hashes[:n]))
    index = HashIndex.of(hashes[:n], range(n))
    assert bool(index.tables) == large
    for step in range(3):
        gone = rng.choice(list(left), 20, replace=False)
        new = {int(number): hashes[rng.integers(len(hashes))] for number in gone[:5]}  # ids that come back
        new |= {10**6 + 100 * step + number: hashes[n + number] for number in range(30)}
        for number in gone:
            del left[int(number)]
        left |= new
        index = index.changed((np.array(list(new.values())), list(new)), gone)
        assert len(index) == len(left)
        for query in (hashes[0], hashes[n], flipped(rng, hashes[1:2], distance)[0]):
            expected = by_comparing(np.array(list(left.values())), np.array(list(left)), query, distance)
            assert found(index, query, distance) == expected


def test_a_change_leaves_the_index_that_it_was_made_from() -> None:
    rng = np.random.default_rng(3)
    hashes = random_hashes(rng, MIN_TABLED)
    index = HashIndex.of(hashes, range(MIN_TABLED))
    index.changed((random_hashes(rng, 2), [-1, -2]), [0, 1])
    assert found(index, hashes[0], 0) == [(0, 0)]
    assert len(index) == MIN_TABLED


def test_few_changes_keep_the_tables_and_many_are_merged_into_them() -> None:
    rng = np.random.default_rng(4)
    index = HashIndex.of(random_hashes(rng, MIN_TABLED), range(MIN_TABLED))
    few = index.changed((random_hashes(rng, 10), range(-10, 0)), range(10))
    many = few.changed((random_hashes(rng, MIN_TABLED), range(10**6, 10**6 + MIN_TABLED)), [-1])
    assert few.tables is index.tables
    assert many.tables
    assert (len(many.tables.numbered.ids), len(many.added.ids), len(many.removed)) == (len(many), 0, 0)
    assert len(many) == 2 * MIN_TABLED - 1
    assert MIN_TABLED * MAX_CHANGED_SHARE > 500_000


def test_an_index_that_becomes_small_needs_no_tables() -> None:
    rng = np.random.default_rng(4)
    hashes = random_hashes(rng, MIN_TABLED)
    index = HashIndex.of(hashes, range(MIN_TABLED)).changed((hashes[:0], []), range(1, MIN_TABLED))
    assert len(index) == 1
    assert index.changed((hashes[:0], []), []).removed.size == MIN_TABLED - 1
    smaller = index.changed((hashes[:1], [-5]), [0])
    assert smaller.tables is None
    assert found(smaller, hashes[0], 0) == [(0, -5)]


def test_more_matches_than_a_search_has_room_for_are_all_found() -> None:
    index = HashIndex.of(equal_hashes(np.random.default_rng(1), 3_000), range(3_000))
    assert len(index.search(np.zeros(4, np.uint64), 0).ids) == 3_000


def test_an_empty_index_finds_nothing() -> None:
    index = HashIndex()
    assert len(index) == 0
    assert index.search(np.zeros(4, np.uint64), 31).ids.size == 0


def test_an_index_says_how_much_memory_it_takes() -> None:
    index = HashIndex.of(random_hashes(np.random.default_rng(1), 50_000), range(50_000))
    directories = 16 * (2**16 + 1) * 4
    assert index.nbytes == 50_000 * (32 + 8 + 64) + directories


def test_an_id_names_one_hash() -> None:
    rng = np.random.default_rng(2)
    with pytest.raises(RepeatedHashId, match="The id 7 names two hashes"):
        HashIndex.of(random_hashes(rng, 3), [7, 1, 7])
    for index in (HashIndex.of(random_hashes(rng, n), range(n)) for n in (3, MIN_TABLED)):
        with pytest.raises(RepeatedHashId, match="The id 2 "):
            index.changed((random_hashes(rng, 1), [2]), [])


def test_only_hashes_of_the_index_can_be_removed() -> None:
    rng = np.random.default_rng(2)
    none = (random_hashes(rng, 0), [])
    for index in (HashIndex.of(random_hashes(rng, n), range(n)) for n in (3, MIN_TABLED)):
        with pytest.raises(UnknownHashId, match="no hash with the id -4"):
            index.changed(none, [-4])
        with pytest.raises(UnknownHashId, match="no hash with the id 1"):
            index.changed(none, [1]).changed(none, [1, 2])


@pytest.mark.parametrize("distance", [-1, 257])
def test_impossible_distances_are_refused(distance: int) -> None:
    with pytest.raises(
        InvalidDistance, match=f"^{distance} is not a distance of two hashes; allowed are 0 to 256"
    ):
        HashIndex().search(np.zeros(4, np.uint64), distance)
