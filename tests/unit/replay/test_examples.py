import doctest
from types import ModuleType

import pytest

from scoring.management.commands import replay as command
from scoring.replay import compare


@pytest.mark.parametrize("module", [compare, command], ids=["compare", "command"])
def test_the_examples_in_docstrings_are_true(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
