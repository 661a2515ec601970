import doctest
from types import ModuleType

import pytest

from scoring.decisions import backlog, pending, routing


@pytest.mark.parametrize("module", [backlog, pending, routing])
def test_the_examples_in_docstrings_are_true(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
