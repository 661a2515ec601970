"""Errors are caught by name: a clause that catches any error is for the edge of a process, and reports.

`pytest tests/unit/test_errors_are_named.py -s` prints where such clauses are.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.unit.test_rooms import TOP

PROJECT = Path(__file__).resolve().parents[2]
ANY_ERROR = {"Exception", "BaseException"}
MAX_SHARE = 0.05


class Clause(NamedTuple):
    """An `except` clause. `broad`: whether it catches any error."""

    place: str
    broad: bool


def catches_any(caught: ast.expr | None) -> bool:
    """Whether an `except` clause of this type, None if it has none, catches any error."""
    if isinstance(caught, ast.Tuple):
        return any(catches_any(each) for each in caught.elts)
    return caught is None or ast.unparse(caught).removeprefix("builtins.") in ANY_ERROR


def clauses_of(text: str, path: str = "") -> Iterator[Clause]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ExceptHandler):
            yield Clause(f"{path}:{node.lineno}", catches_any(node.type))


def product_clauses() -> list[Clause]:
    """The `except` clauses of the product, without its migrations."""
    files = sorted(path for room in TOP for path in (PROJECT / room).rglob("*.py"))
    return [
        clause
        for path in files
        if "migrations" not in path.parts
        for clause in clauses_of(path.read_text(), str(path.relative_to(PROJECT)))
    ]


@pytest.mark.parametrize(
    ("clause", "broad"),
    [
        ("except:", True),
        ("except Exception:", True),
        ("except BaseException as error:", True),
        ("except (KeyError, Exception):", True),
        ("except KeyError:", False),
        ("except (KeyError, redis.RedisError) as error:", False),
    ],
)
def test_a_broad_clause_is_recognized(clause: str, broad: bool) -> None:
    [found] = clauses_of(f"try:\n    work()\n{clause}\n    raise\n", "work.py")
    assert found == Clause("work.py:3", broad)


def test_few_clauses_catch_any_error() -> None:
    clauses = product_clauses()
    broad = [clause.place for clause in clauses if clause.broad]
    listed = "\n    ".join([f"{len(broad)} of {len(clauses)} except clauses catch any error:", *broad])
    sys.stdout.write(f"\n{listed}\n")
    assert clauses
    assert len(broad) <= MAX_SHARE * len(clauses), listed
