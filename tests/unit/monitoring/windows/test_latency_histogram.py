"""Percentiles from the histogram are within its stated error of the true ones."""

import numpy as np
import pytest

from monitoring.windows.latency_histogram import BINS, BINS_A_DECADE, add_histograms, bin_of, percentile_ms

BOUND = 10 ** (1 / BINS_A_DECADE) - 1


def histogram_of(latencies_us: np.ndarray) -> list[int]:
    places = [bin_of(int(latency)) for latency in latencies_us]
    return [int(count) for count in np.bincount(places, minlength=BINS)]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_percentiles_are_within_the_stated_error_of_numpys(seed: int, q: float) -> None:
    generator = np.random.default_rng(seed)
    middle, spread = generator.uniform(6, 13), generator.uniform(0.05, 1.5)
    rows = generator.lognormal(middle, spread, size=generator.integers(1, 3_000))
    latencies = np.clip(rows, 101, 99_000_000).astype(np.int64)

    read = percentile_ms(histogram_of(latencies), q)

    true = np.quantile(latencies, q, method="inverted_cdf") / 1000
    assert read == pytest.approx(true, rel=BOUND * 1.01)  # edges are whole microseconds


def test_with_many_latencies_the_error_is_much_smaller() -> None:
    latencies = np.random.default_rng(7).lognormal(9, 0.5, size=50_000).astype(np.int64)

    read = [percentile_ms(histogram_of(latencies), q) for q in (0.5, 0.95, 0.99)]

    assert read == pytest.approx(np.quantile(latencies, [0.5, 0.95, 0.99]) / 1000, rel=0.02)


def test_the_sum_of_histograms_is_the_histogram_of_all() -> None:
    generator = np.random.default_rng(3)
    parts = [generator.lognormal(middle, 0.4, size=400).astype(np.int64) for middle in (7, 9, 12)]

    total = add_histograms([histogram_of(part)[: int(part.max())] for part in parts])

    assert total == histogram_of(np.concatenate(parts))[: len(total)]
    assert add_histograms([[], [0, 0, 1], [2]]) == [2, 0, 1]
    assert add_histograms([]) == []


def test_an_empty_histogram_has_no_percentile_and_extremes_stay_at_the_ends() -> None:
    assert percentile_ms([], 0.5) is None
    assert percentile_ms([0, 0], 0.5) is None
    assert percentile_ms(histogram_of(np.array([3])), 0.99) == pytest.approx(0.1)
    assert percentile_ms(histogram_of(np.array([10**12])), 0.5) == pytest.approx(100_000)
