"""The band of the calibration curve is the published interval."""

import pytest
from scipy.stats import binomtest

from scoring.learning.pages.curve_plots import wilson_interval


@pytest.mark.parametrize(
    ("hits", "rows"), [(0, 1), (0, 40), (1, 1), (3, 10), (199, 200), (50_000, 1_000_000)]
)
def test_the_interval_is_the_one_that_scipy_computes(hits: int, rows: int):
    theirs = binomtest(hits, rows).proportion_ci(method="wilson")
    assert wilson_interval(hits, rows) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
