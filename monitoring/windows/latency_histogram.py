"""Latency histograms with fixed log-spaced bins: additive, small, and precise enough for percentiles."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence

import numpy as np

BINS_A_DECADE = 20
SHORTEST_US, LONGEST_US = 100, 100_000_000  # 0.1 ms and 100 s; the outermost bins hold the rest
DECADES = round(math.log10(LONGEST_US / SHORTEST_US))
_STEPS = np.arange(DECADES * BINS_A_DECADE + 1)
# Bin i holds EDGES[i - 1] <= latency < EDGES[i]; whole microseconds, so that no float rounding decides.
EDGES = np.round(SHORTEST_US * 10 ** (_STEPS / BINS_A_DECADE)).astype(np.int64)
BINS = len(EDGES) + 1
_EDGES = EDGES.tolist()  # bisecting one latency is faster in a list


def bin_of(latency_us: int) -> int:
    """The bin, 0 to BINS - 1, of a latency in whole microseconds."""
    return bisect_right(_EDGES, latency_us)


def add_histograms(histograms: Iterable[Sequence[int]]) -> list[int]:
    """The sum of histograms of any lengths up to BINS, cut after its last filled bin."""
    total = np.zeros(BINS, dtype=np.int64)
    for histogram in histograms:
        total[: len(histogram)] += np.asarray(histogram, dtype=np.int64)
    filled = np.flatnonzero(total)
    return [int(count) for count in total[: filled[-1] + 1]] if filled.size else []


def percentile_ms(histogram: Sequence[int], q: float) -> float | None:
    """The q-quantile (0 to 1) in milliseconds, interpolated within its bin; None without latencies.

    The smallest latency that at least the share `q` of all does not exceed (numpy's `inverted_cdf`) lies in
    the same bin, so between 0.1 ms and 100 s the error is less than a bin's width: 10 ** (1 / 20) - 1, or
    12.2 %, of the value. Longer latencies count as 100 s, shorter ones as at most 0.1 ms.
    """
    counts = np.asarray(histogram, dtype=np.int64)
    total = int(counts.sum())
    if total == 0:
        return None
    reached = np.cumsum(counts)
    rank = max(q * total, 1.0)
    found = int(np.searchsorted(reached, rank, side="left"))
    share = (rank - (int(reached[found]) - int(counts[found]))) / int(counts[found])
    low = int(EDGES[found - 1]) if found else 0
    high = int(EDGES[min(found, len(EDGES) - 1)])
    return (low + share * (high - low)) / 1000
