"""Which tests are asked about a mutant: those that execute its line, the quickest first."""

import ast
import re
from collections.abc import Iterable, Mapping

from mutants.measure import Measured
from mutants.operators import Mutant


def choose_tests(mutant: Mutant, texts: Mapping[str, str], measured: Measured) -> list[str]:
    """The tests that may notice, in the order in which to ask them. `texts`: the files of the room.

    Coverage cannot attribute compiled functions and lines that only an import executes: all tests of the room
    are asked. Of a line that nothing executes, those that start processes are, which are not measured.
    """
    executed = _lines_that_tell(mutant, texts, measured)
    if executed is None or (executed and not set().union(*executed)):
        chosen = set(measured.seconds)
    else:
        chosen = measured.starters.union(*executed)
    return sorted(chosen, key=lambda test: (measured.seconds[test], test))


def invalidates_compiled_code(mutant: Mutant, text: str) -> bool:
    """Whether code compiled before may hold what is changed: numba looks at a function's own file only."""
    tree = ast.parse(text)
    compiled = any(_is_compiled(node) for node in ast.walk(tree))
    return compiled or _innermost(tree, mutant.line, ast.FunctionDef) is None


def _lines_that_tell(mutant: Mutant, texts: Mapping[str, str], measured: Measured) -> list[set[str]] | None:
    """The tests of each executed line that shows the mutant: its statement, or what names its constant."""
    tree = ast.parse(texts[mutant.path])
    function = _innermost(tree, mutant.line, ast.FunctionDef)
    if function is None:
        # Of a constant that only other rooms name nothing is known here.
        return _executed_with_name(mutant.name.split("::")[1], texts, measured) or None
    if _is_compiled(function):
        return None
    return _executed(mutant.path, _lines_of_statement(tree, mutant.line), measured)


def _executed_with_name(name: str, texts: Mapping[str, str], measured: Measured) -> list[set[str]]:
    word = re.compile(rf"\b{re.escape(name)}\b")
    executed = []
    for path, text in texts.items():
        lines = [number for number, line in enumerate(text.splitlines(), start=1) if word.search(line)]
        executed += _executed(path, lines, measured)
    return executed


def _executed(path: str, lines: Iterable[int], measured: Measured) -> list[set[str]]:
    by_line = measured.lines.get(path, {})
    return [by_line[line] for line in lines if line in by_line]


def _lines_of_statement(tree: ast.AST, line: int) -> Iterable[int]:
    """The lines of the statement on a line; of one with a body, those before the body."""
    statement = _innermost(tree, line, ast.stmt)
    body = getattr(statement, "body", None)
    if statement is None:
        return (line,)
    end = body[0].lineno if body else (statement.end_lineno or line) + 1
    lines = range(statement.lineno, end)
    return lines if line in lines else (line,)


def _innermost(tree: ast.AST, line: int, kind: type[ast.stmt]) -> ast.stmt | None:
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, kind) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return max(around, key=lambda node: (node.lineno, node.col_offset), default=None)


def _is_compiled(node: ast.AST) -> bool:
    return any("njit" in ast.unparse(decorator) for decorator in getattr(node, "decorator_list", ()))
