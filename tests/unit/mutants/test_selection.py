"""Which tests run for a mutant, and in which order."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from mutants.measure import Measurements
from mutants.operators import Mutant, find_mutants
from mutants.run_order import RunOrder
from mutants.selection import choose_tests, invalidates_compiled_code

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
MEASUREMENTS = Measurements(
    seconds={"slow": 9.0, "quick": 0.1, "middling": 2.0, "unrelated": 0.2, "process": 5.0},
    lines={
        "room/file.py": {1: set(), 2: set(), 4: {"slow", "quick"}, 6: {"slow"}, 9: set()},
        "room/other.py": {2: {"middling"}},
    },
    process_starters={"process"},
)


def mutant_of(name: str) -> Mutant:
    return next(mutant for mutant in find_mutants("room/file.py", TEXT) if name in mutant.name)


@pytest.mark.parametrize(
    ("name", "tests"),
    [
        ("f::comparison", ["quick", "process", "slow"]),  # its statement begins on the previous line
        ("f::number", ["process", "slow"]),
        ("LIMIT::number", ["middling", "process"]),  # used elsewhere in the room
        (
            "UNUSED::number",
            ["quick", "unrelated", "middling", "process", "slow"],
        ),  # only executed by an import
        ("compiled::comparison", ["quick", "unrelated", "middling", "process", "slow"]),
    ],
)
def test_the_tests_of_a_mutants_line_run_fastest_first(name: str, tests: list[str]) -> None:
    assert choose_tests(mutant_of(name), TEXTS, MEASUREMENTS) == tests


def test_tests_that_start_processes_run_for_a_line_that_no_test_executes() -> None:
    measured = Measurements(MEASUREMENTS.seconds, {}, MEASUREMENTS.process_starters)
    assert choose_tests(mutant_of("f::comparison"), TEXTS, measured) == ["process"]


def test_code_is_compiled_again_for_a_mutant_that_it_may_contain() -> None:
    assert invalidates_compiled_code(mutant_of("f::comparison"), TEXT)
    plain = "LIMIT = 5\ndef f(a):\n    return a < 2\n"
    limit, compared, _ = find_mutants("room/plain.py", plain)
    assert [invalidates_compiled_code(each, plain) for each in (limit, compared)] == [True, False]


def test_measurements_are_loaded_as_they_were_saved(tmp_path) -> None:
    MEASUREMENTS.save(tmp_path / "kept" / "room.json")
    assert Measurements.load(tmp_path / "kept" / "room.json") == MEASUREMENTS


def test_a_test_that_fails_without_a_mutant_is_excluded() -> None:
    measured = Measurements(
        {"broken": 0.1, "quick": 0.2}, {"room/file.py": {4: {"broken", "quick"}}}, {"broken"}
    )
    measured.exclude({"broken"})
    assert choose_tests(mutant_of("f::comparison"), TEXTS, measured) == ["quick"]


def test_only_the_chosen_tests_run_in_the_given_order() -> None:
    items = [SimpleNamespace(nodeid=f"test_a.py::{name}") for name in ("slow", "unrelated", "quick")]
    order = RunOrder(["test_a.py::quick", "test_a.py::slow"])
    order.pytest_collection_modifyitems(items)
    assert [item.nodeid for item in items] == ["test_a.py::quick", "test_a.py::slow"]
    assert order.files == ["test_a.py"]


def test_a_missing_measured_test_is_an_error() -> None:
    with pytest.raises(pytest.UsageError, match="gone"):
        RunOrder(["test_a.py::quick"]).pytest_collection_modifyitems([])


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
def test_the_failed_test_is_named(tmp_path, output: str, named: str) -> None:
    log = tmp_path / "pytest.log"
    log.write_text(output)
    assert RunOrder(["tests/a.py::test_of", "tests/a.py::test_of[1 - 2]"]).first_failed(log) == named


def test_a_statement_in_its_own_file_runs_the_tests_that_execute_its_constant():
    texts = TEXTS | {
        "room/claim.sql": "SELECT 1 WHERE a < b\n",
        "room/third.py": 'CLAIM = read("claim.sql")\ndef h():\n    return CLAIM\n',
    }
    measured = replace(MEASUREMENTS, lines=MEASUREMENTS.lines | {"room/third.py": {1: set(), 3: {"quick"}}})
    [mutant] = find_mutants("room/claim.sql", texts["room/claim.sql"])
    assert choose_tests(mutant, texts, measured) == ["quick", "process"]
    assert not invalidates_compiled_code(mutant, texts["room/claim.sql"])
