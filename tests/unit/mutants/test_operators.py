"""Mutants: each is one edit with a stable name and is still valid Python."""

import doctest
from argparse import Namespace
from fnmatch import filter as filter_names
from pathlib import Path

import pytest

from mutants import operators
from mutants.operators import find_mutants
from mutants.rooms import ROOMS
from mutants.run import PROJECT, Result, choose, read_reasons, score


def mutated(statement: str, operator: str) -> list[str]:
    """The mutants that one operator makes of a statement."""
    text = f"def f(a, b):\n    {statement}\n"
    return [
        mutant.apply(text).splitlines()[1].strip()
        for mutant in find_mutants("room/file.py", text)
        if mutant.name.split("::")[2] == operator
    ]


@pytest.mark.parametrize(
    ("statement", "operator", "expected"),
    [
        ("return a < b", "comparison", ["return a <= b"]),
        ("return 0 <= a < b", "comparison", ["return 0 < a < b", "return 0 <= a <= b"]),
        ("return a is None", "comparison", ["return a is not None"]),
        ("return a - b", "arithmetic", ["return a + b"]),
        ("a += b", "arithmetic", ["a -= b"]),
        ("return a + [b]", "arithmetic", []),
        ("return a and b", "connective", ["return a or b"]),
        ("return not a", "connective", ["return (a)"]),
        ("return a if b else None", "branch", ["return a if True else None", "return a if False else None"]),
        ("return a + 2", "number", ["return a + (2 + 1)"]),
        ("return min(a, b)", "opposite", ["return max(a, b)"]),
        ("return a.order_by().first()", "opposite", ["return a.order_by().last()"]),
        ("return a[0]", "opposite", ["return a[-1]"]),
        ("return a.fetchone()[0]", "opposite", []),
        ("return zip(a, b, strict=True)", "opposite", []),
        ("a.save()", "left_out", ["pass"]),
        ("with a.atomic(): b.save()", "unwrapped", ["with __import__('contextlib').nullcontext(): b.save()"]),
        ("return f(a, b)", "swapped", ["return f(b, a)"]),
        (
            "return 'SELECT x FROM y WHERE a <= b'",
            "in_sql",
            ["return 'SELECT x FROM y WHERE a < b'"],
        ),
        ('return a.order_by("-occurred_at")', "in_sql", ['return a.order_by("occurred_at")']),
    ],
)
def test_an_operator_makes_small_faults(statement: str, operator: str, expected: list[str]) -> None:
    assert mutated(statement, operator) == expected


@pytest.mark.parametrize(
    "text",
    [
        'def f():\n    """Says 1 < 2."""\n',
        "def f(a):\n    logger.info('%s', a + 1)\n",
        "def f(a: Literal[1] = ...) -> Literal[2]: ...\n",
    ],
)
def test_docstrings_logging_and_annotations_are_not_mutated(text: str) -> None:
    assert find_mutants("room/file.py", text) == []


def test_a_raise_is_removed_but_its_message_is_not_mutated() -> None:
    text = "def f(a):\n    raise ValueError(a[0], 1 < 2)\n"
    assert [mutant.after for mutant in find_mutants("room/file.py", text)] == ["pass"]


def test_names_are_stable_when_other_functions_change() -> None:
    text = "def f(a):\n    return a < 3\n"
    before = {mutant.name for mutant in find_mutants("room/file.py", text)}
    after = {
        mutant.name for mutant in find_mutants("room/file.py", f"def g(b):\n    return b < 9\n\n\n{text}")
    }
    assert before < after


def test_a_mutant_has_its_line_and_the_text_around_it() -> None:
    (mutant,) = find_mutants("room/file.py", "def f(é):\n    x = 'ü'; return é > x\n")
    assert (mutant.line, mutant.before, mutant.after) == (
        2,
        "x = 'ü'; return é > x",
        "x = 'ü'; return é >= x",
    )


def test_every_room_has_code_and_tests() -> None:
    for name, room in ROOMS.items():
        assert room.files(PROJECT), name
        for tests in room.tests:
            assert (PROJECT / tests).exists(), tests


def test_a_sample_depends_on_the_seed_alone() -> None:
    options = Namespace(file=None, mutant=None, all=False, sample=7, seed=1)
    first, again = choose(ROOMS["log"], options), choose(ROOMS["log"], options)
    assert first == again
    assert len(first) == 7
    assert first != choose(ROOMS["log"], Namespace(**{**vars(options), "seed": 2}))


def test_every_explained_survivor_is_an_existing_mutant() -> None:
    reasons = read_reasons(PROJECT / "mutants" / "survivors.toml")
    paths = {name.split("::")[0] for name in reasons}
    known = {mutant.name for path in paths for mutant in find_mutants(path, (PROJECT / path).read_text())}
    assert [name for name in reasons if not filter_names(known, name)] == []
    assert all(reasons.values())


def test_the_score_counts_survivors_without_a_reason() -> None:
    outcomes = ["killed", "killed", "hung", "survived", "explained"]
    assert score([Result("m", 1, "", "", outcome, 0.0) for outcome in outcomes]) == 0.75
    assert score([]) == 1.0


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(operators).failed == 0


def test_reasons_are_read_by_mutant(tmp_path: Path) -> None:
    path = tmp_path / "survivors.toml"
    path.write_text('[[survivor]]\nmutant = "a.py::f::number::1"\nreason = "A batch size."\n')
    assert read_reasons(path) == {"a.py::f::number::1": "A batch size."}


def test_a_statement_in_its_own_file_is_mutated_like_one_in_a_constant():
    text = "-- a < b AND c\nSELECT 1\n WHERE a < b AND c\n ORDER BY d DESC\n"
    mutants = find_mutants("room/claim.sql", text)
    assert [(mutant.name, mutant.line, mutant.after) for mutant in mutants] == [
        ("room/claim.sql::CLAIM::in_sql::2", 3, "WHERE a <= b AND c"),
        ("room/claim.sql::CLAIM::in_sql::3", 3, "WHERE a < b OR c"),
        ("room/claim.sql::CLAIM::in_sql::1", 4, "ORDER BY d ASC"),
    ]
