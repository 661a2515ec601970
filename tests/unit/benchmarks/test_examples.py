"""The examples in the docstrings of the benchmarks."""

import doctest

import pytest

from benchmarks import arrivals, clocks, load, references, report


@pytest.mark.parametrize(
    "module", [arrivals, clocks, load, references, report], ids=lambda module: module.__name__
)
def test_examples_in_docstrings_hold(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
