"""Which tests are asked about a mutant, and in which order."""

from types import SimpleNamespace

import pytest

from mutants.choice import choose_tests, invalidates_compiled_code
from mutants.measure import Measured
from mutants.operators import Mutant, find_mutants
from mutants.ordered import InOrder

TEXT = """\
LIMIT = 5
UNUSED = 6
def f(a, b):
    if (a
            < b):
        return 1
    return LIMIT

@njit(cache=True)
def compiled(a):
    return a < 2
"""
TEXTS = {"room/file.py": TEXT, "room/other.py": "def g():\n    return LIMIT\n"}
MEASURED = Measured(
    seconds={"slow": 9.0, "quick": 0.1, "middling": 2.0, "stranger": 0.2, "process": 5.0},
    lines={
        "room/file.py": {1: set(), 2: set(), 4: {"slow", "quick"}, 6: {"slow"}, 9: set()},
        "room/other.py": {2: {"middling"}},
    },
    starters={"process"},
)


def mutant_of(name: str) -> Mutant:
    return next(mutant for mutant in find_mutants("room/file.py", TEXT) if name in mutant.name)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("f::comparison", ["quick", "process", "slow"]),  # its statement begins on the line before
        ("f::number", ["process", "slow"]),
        ("LIMIT::number", ["middling", "process"]),  # what names it elsewhere in the room
        (
            "UNUSED::number",
            ["quick", "stranger", "middling", "process", "slow"],
        ),  # an import executes it alone
        ("compiled::comparison", ["quick", "stranger", "middling", "process", "slow"]),
    ],
)
def test_the_tests_of_a_mutants_line_are_asked_the_quickest_first(name: str, asked: list[str]) -> None:
    assert choose_tests(mutant_of(name), TEXTS, MEASURED) == asked


def test_a_line_that_no_measured_test_executes_is_put_to_tests_that_start_processes() -> None:
    measured = Measured(MEASURED.seconds, {}, MEASURED.starters)
    assert choose_tests(mutant_of("f::comparison"), TEXTS, measured) == ["process"]


def test_compiled_code_is_compiled_again_for_a_mutant_that_it_may_hold() -> None:
    assert invalidates_compiled_code(mutant_of("f::comparison"), TEXT)
    plain = "LIMIT = 5\ndef f(a):\n    return a < 2\n"
    limit, compared, _ = find_mutants("room/plain.py", plain)
    assert [invalidates_compiled_code(each, plain) for each in (limit, compared)] == [True, False]


def test_a_measurement_is_read_as_it_was_written(tmp_path) -> None:
    MEASURED.save(tmp_path / "kept" / "room.json")
    assert Measured.load(tmp_path / "kept" / "room.json") == MEASURED


def test_a_test_that_fails_without_a_mutant_is_not_asked() -> None:
    measured = Measured({"broken": 0.1, "quick": 0.2}, {"room/file.py": {4: {"broken", "quick"}}}, {"broken"})
    measured.leave_out({"broken"})
    assert choose_tests(mutant_of("f::comparison"), TEXTS, measured) == ["quick"]


def test_chosen_tests_run_in_their_order_and_others_not_at_all() -> None:
    items = [SimpleNamespace(nodeid=f"test_a.py::{name}") for name in ("slow", "stranger", "quick")]
    order = InOrder(["test_a.py::quick", "test_a.py::slow"])
    order.pytest_collection_modifyitems(items)
    assert [item.nodeid for item in items] == ["test_a.py::quick", "test_a.py::slow"]
    assert order.files == ["test_a.py"]


def test_a_measured_test_that_is_gone_is_an_error() -> None:
    with pytest.raises(pytest.UsageError, match="gone"):
        InOrder(["test_a.py::quick"]).pytest_collection_modifyitems([])


@pytest.mark.parametrize(
    ("output", "named"),
    [
        (
            "F\nFAILED tests/a.py::test_of[1 - 2] - assert 1 == 2\n1 failed in 1.00s\n",
            "tests/a.py::test_of[1 - 2]",
        ),
        ("ERROR tests/a.py - SyntaxError: no\n1 error in 0.10s\n", "tests/a.py - SyntaxError: no"),
        ("..\n2 passed in 0.10s\n", "2 passed in 0.10s"),
    ],
)
def test_the_test_that_noticed_is_named(tmp_path, output: str, named: str) -> None:
    log = tmp_path / "pytest.log"
    log.write_text(output)
    assert InOrder(["tests/a.py::test_of", "tests/a.py::test_of[1 - 2]"]).first_failed(log) == named
