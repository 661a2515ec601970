"""Selects the tests to run for a mutant: those that execute its line, fastest first."""

import ast
import re
from collections.abc import Iterable, Mapping

from mutants.measure import Measurements
from mutants.operators import Mutant


def choose_tests(mutant: Mutant, texts: Mapping[str, str], measured: Measurements) -> list[str]:
    """The tests that may notice a mutant, in running order. `texts` has the contents of the room's files.

    Coverage does not see compiled functions and lines that only an import executes; for these, all tests of
    the room run. For a line that no test executes, the unmeasured tests that start processes run.
    """
    executed = _tests_of_relevant_lines(mutant, texts, measured)
    if executed is None or (executed and not set().union(*executed)):
        chosen = set(measured.seconds)
    else:
        chosen = measured.process_starters.union(*executed)
    return sorted(chosen, key=lambda test: (measured.seconds[test], test))


def invalidates_compiled_code(mutant: Mutant, text: str) -> bool:
    """Whether cached compiled code may contain the change: numba checks only a function's own file."""
    if mutant.path.endswith(".sql"):
        return False
    tree = ast.parse(text)
    compiled = any(_is_compiled(node) for node in ast.walk(tree))
    return compiled or _innermost(tree, mutant.line, ast.FunctionDef) is None


def _tests_of_relevant_lines(
    mutant: Mutant, texts: Mapping[str, str], measured: Measurements
) -> list[set[str]] | None:
    """For each relevant line, its tests: lines of the mutant's statement, or lines that name its constant."""
    constant = mutant.name.split("::")[1]
    if mutant.path.endswith(".sql"):
        return _executed_with_name(constant, texts, measured) or None
    tree = ast.parse(texts[mutant.path])
    function = _innermost(tree, mutant.line, ast.FunctionDef)
    if function is None:
        # Nothing is known about a constant that only other rooms use.
        return _executed_with_name(constant, texts, measured) or None
    if _is_compiled(function):
        return None
    return _executed(mutant.path, _lines_of_statement(tree, mutant.line), measured)


def _executed_with_name(name: str, texts: Mapping[str, str], measured: Measurements) -> list[set[str]]:
    word = re.compile(rf"\b{re.escape(name)}\b")
    executed = []
    for path, text in texts.items():
        lines = [number for number, line in enumerate(text.splitlines(), start=1) if word.search(line)]
        executed += _executed(path, lines, measured)
    return executed


def _executed(path: str, lines: Iterable[int], measured: Measurements) -> list[set[str]]:
    by_line = measured.lines.get(path, {})
    return [by_line[line] for line in lines if line in by_line]


def _lines_of_statement(tree: ast.AST, line: int) -> Iterable[int]:
    """The lines of the statement at a line; for a compound statement, those before its body."""
    statement = _innermost(tree, line, ast.stmt)
    body = getattr(statement, "body", None)
    if statement is None:
        return (line,)
    end = body[0].lineno if body else (statement.end_lineno or line) + 1
    lines = range(statement.lineno, end)
    return lines if line in lines else (line,)


def _innermost(tree: ast.AST, line: int, kind: type[ast.stmt]) -> ast.stmt | None:
    enclosing = [
        node
        for node in ast.walk(tree)
        if isinstance(node, kind) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return max(enclosing, key=lambda node: (node.lineno, node.col_offset), default=None)


def _is_compiled(node: ast.AST) -> bool:
    return any("njit" in ast.unparse(decorator) for decorator in getattr(node, "decorator_list", ()))
