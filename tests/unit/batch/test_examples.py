import doctest

from scoring.batch import versions


def test_examples_in_docstrings_hold() -> None:
    found = doctest.testmod(versions)
    assert found.attempted
    assert not found.failed
