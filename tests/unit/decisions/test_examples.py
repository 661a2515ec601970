import doctest
from types import ModuleType

import pytest

from scoring.intake import admission
from scoring.lanes import queue as pending
from scoring.registry import routes as routing


@pytest.mark.parametrize("module", [admission, pending, routing])
def test_examples_in_docstrings_hold(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
