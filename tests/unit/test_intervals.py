"""The intervals of shares are the published ones."""

import doctest

import pytest
from scipy.stats import binomtest

from scoring import intervals
from scoring.intervals import wilson_interval

# R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17
# (1998), table I, method 3 (score method without continuity correction).
PUBLISHED = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("hits", "rows", "low", "high"), PUBLISHED)
def test_the_interval_is_the_published_one(hits: int, rows: int, low: float, high: float):
    assert wilson_interval(hits, rows) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("hits", "rows"), [(0, 1), (0, 40), (1, 1), (3, 10), (199, 200), (50_000, 1_000_000)]
)
def test_the_interval_is_the_one_that_scipy_computes(hits: int, rows: int):
    theirs = binomtest(hits, rows).proportion_ci(method="wilson")
    assert wilson_interval(hits, rows) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_nothing_is_known_about_a_share_of_no_rows():
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_the_example_holds():
    assert doctest.testmod(intervals).failed == 0
