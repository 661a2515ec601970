"""A priority sample is bounded, the same whenever it is drawn, and its weighted sums have no bias."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scoring.learning.policies.sampling.priority import PrioritySample, top_of, uniform_of, weighted

ROW = np.dtype([("key", "<i8"), ("value", "<f8"), ("importance", "<f8"), ("priority", "<f8")])


def items(count: int, *, offset: int = 0, seed: int = 0) -> NDArray[Any]:
    """`count` items, of which few are important and most are not."""
    rows = np.empty(count, dtype=ROW)
    rows["key"] = np.arange(count) + offset
    rows["value"] = np.random.default_rng(seed).exponential(1.0, count) ** 3
    rows["importance"] = 0.01 + np.minimum(rows["value"], 1.0)
    rows["priority"] = rows["importance"] / uniform_of(rows["key"])
    return rows


def sampled(rows: NDArray[Any], *, size: int, chunk: int = 1_000) -> NDArray[Any]:
    sample = PrioritySample(size, ROW)
    for start in range(0, len(rows), chunk):
        sample.add(rows[start : start + chunk])
    return sample.rows()


def test_uniform_numbers_depend_on_the_key_alone_and_fill_the_interval() -> None:
    found = uniform_of(np.arange(100_000))
    assert np.array_equal(found, uniform_of(np.arange(100_000)))
    assert 0 < found.min() < found.max() < 1
    counts, _ = np.histogram(found, bins=20, range=(0, 1))
    assert counts.min() > 4_700
    assert counts.max() < 5_300


def test_few_items_are_all_in_the_sample_each_for_itself() -> None:
    rows, weight = weighted(sampled(items(300), size=300), 300)
    assert sorted(rows["key"].tolist()) == list(range(300))
    assert weight.tolist() == [1.0] * 300


def test_the_sample_does_not_depend_on_how_the_stream_is_cut() -> None:
    rows = items(5_000)
    assert np.array_equal(sampled(rows, size=400, chunk=5_000), sampled(rows, size=400, chunk=37))


def test_the_top_of_a_sample_is_the_smaller_sample() -> None:
    rows = items(5_000)
    large, small = sampled(rows, size=400), sampled(rows, size=100)
    assert np.array_equal(top_of(large, 101), small)
    of_large, weight = weighted(large, 100)
    of_small, same = weighted(small, 100)
    assert np.array_equal(of_large, of_small)
    assert np.array_equal(weight, same)


def test_important_items_stand_for_themselves_and_the_others_for_many() -> None:
    rows, weight = weighted(sampled(items(20_000), size=15_000), 15_000)
    assert set(weight[rows["importance"] > 1.0].tolist()) == {1.0}
    assert weight.max() > 1


@pytest.mark.parametrize("size", [200, 2_000])
def test_weighted_sums_have_no_bias(size: int) -> None:
    errors = []
    for seed in range(60):
        rows = items(10_000, offset=seed * 1_000_000, seed=seed)
        chosen, weight = weighted(sampled(rows, size=size), size)
        large = rows["value"] > 0.5
        errors.append((weight * (chosen["value"] > 0.5)).sum() / large.sum() - 1)
    deviation = np.std(errors) / np.sqrt(len(errors))
    assert abs(np.mean(errors)) < 4 * deviation
    assert np.std(errors) < 2 / np.sqrt(size)
