"""Mutation operators: every mutant is one small edit of a source file.

The operators imitate faults seen in reviews and incidents: an off-by-one bound, the wrong one of two values,
a missing step, a missing transaction, a reversed order.
"""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

Edit = tuple[int, int, str]  # start, end, replacement


@dataclass(frozen=True, slots=True)
class Mutant:
    """One edit of one file. `name` (path, function, operator, ordinal) is stable while the function is."""

    name: str
    path: str
    line: int
    before: str
    after: str
    edit: Edit

    def apply(self, text: str) -> str:
        start, end, replacement = self.edit
        return text[:start] + replacement + text[end:]


COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
}
OPPOSITES = {"min": "max", "max": "min", "any": "all", "all": "any", "first": "last", "last": "first"}
# In SQL and in order_by: the words whose opposite is also valid.
SQL_WORDS = {
    " DESC": " ASC",
    " <= ": " < ",
    " >= ": " > ",
    " < ": " <= ",
    " > ": " >= ",
    " IS NOT NULL": " IS NULL",
    " AND ": " OR ",
    "SKIP LOCKED": "",
}
_SQL = re.compile(r"\b(SELECT|UPDATE|INSERT|DELETE|WHERE)\b")


class Source:
    """A file's text with its syntax tree and the position of each node."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text
        self.tree = ast.parse(text)
        self._starts = [0]
        for line in text.encode().splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._bytes = text.encode()

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Start and end of a node in characters."""
        place = node.lineno, node.col_offset, node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]
        start, end = self._starts[place[0] - 1] + place[1], self._starts[place[2] - 1] + place[3]
        return len(self._bytes[:start].decode()), len(self._bytes[:end].decode())

    def part(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.text[start:end]

    def between(self, left: ast.AST, right: ast.AST, old: str, new: str) -> Iterator[Edit]:
        """Edits that replace `old` with `new` in the text between two nodes."""
        start, end = self.span(left)[1], self.span(right)[0]
        gap = self.text[start:end]
        if old in gap:
            yield start, end, gap.replace(old, new, 1)


Operator = Callable[[Source, ast.AST], Iterator[Edit]]


def comparison(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Move a bound by one, or negate a comparison."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        for left, compared, right in zip(sides, node.ops, sides[1:], strict=False):
            yield from source.between(left, right, *COMPARISONS[type(compared)])


def arithmetic(source: Source, node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC and not _is_text(node):
        yield from source.between(node.left, node.right, *ARITHMETIC[type(node.op)])
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
        yield from source.between(node.target, node.value, "+=", "-=")


def connective(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Swap `and` and `or`; remove a `not`."""
    if isinstance(node, ast.BoolOp):
        words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield from source.between(left, right, *words)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield (*source.span(node), f"({source.part(node.operand)})")


def branch(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Make a condition always true or always false."""
    if isinstance(node, (ast.If, ast.IfExp)):
        for value in ("True", "False"):
            yield (*source.span(node.test), value)


def number(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Increase an integer by one."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield (*source.span(node), f"({node.value} + 1)")


def opposite(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Swap min and max, any and all, first and last, True and False; take the last element for the first."""
    if isinstance(node, ast.Call) and _name_of(node.func) in OPPOSITES:
        end = source.span(node.func)[1]
        name = _name_of(node.func)
        yield end - len(name), end, OPPOSITES[name]
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield (*source.span(node), str(not node.value))
    if (
        isinstance(node, ast.Subscript)
        and source.part(node.slice) in ("0", "-1")
        and not _is_a_row(node.value)
    ):
        yield (*source.span(node.slice), "-1" if source.part(node.slice) == "0" else "0")


def left_out(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Remove a step: a call for its effect, a raise, a continue or break, an in-place assignment."""
    calls = isinstance(node, ast.Expr) and isinstance(node.value, (ast.Call, ast.Await))
    if calls or isinstance(node, (ast.Raise, ast.Continue, ast.Break, ast.AugAssign, ast.Delete)):
        yield (*source.span(node), "pass")


def unwrapped(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Remove the context manager of a block: no transaction, no lock."""
    if isinstance(node, ast.With) and len(node.items) == 1 and node.items[0].optional_vars is None:
        yield (*source.span(node.items[0].context_expr), "__import__('contextlib').nullcontext()")


def swapped(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Swap two adjacent arguments, or the two results of a conditional expression."""
    pairs: Sequence[tuple[ast.expr, ast.expr]] = ()
    if isinstance(node, ast.Call) and not any(isinstance(each, ast.Starred) for each in node.args):
        pairs = list(zip(node.args, node.args[1:], strict=False))
    if isinstance(node, ast.IfExp):
        pairs = [(node.body, node.orelse)]
    for left, right in pairs:
        start, end = (
            min(source.span(left)[0], source.span(right)[0]),
            max(source.span(left)[1], source.span(right)[1]),
        )
        inner = source.span(left)[1], source.span(right)[0]
        if inner[0] <= inner[1] and source.part(left) != source.part(right):
            yield start, end, f"{source.part(right)}{source.text[inner[0] : inner[1]]}{source.part(left)}"


def in_sql(source: Source, node: ast.AST) -> Iterator[Edit]:
    """The same faults in an SQL statement, and a reversed query order."""
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return
    start, end = source.span(node)
    written = source.text[start:end]
    if _SQL.search(written) and not written.startswith(("f", "F")):
        yield from ((start + first, start + last, new) for first, last, new in _turned_words(written))
    elif re.fullmatch(r'"-[a-z]+_[a-z_]+"', written):
        yield start, end, f'"{written[2:]}'


def _turned_words(statement: str) -> Iterator[Edit]:
    for old, new in SQL_WORDS.items():
        for found in re.finditer(re.escape(old), statement):
            yield found.start(), found.end(), new


OPERATORS: dict[str, Operator] = {
    operator.__name__: operator
    for operator in (
        comparison,
        arithmetic,
        connective,
        branch,
        number,
        opposite,
        left_out,
        unwrapped,
        swapped,
        in_sql,
    )
}


def find_mutants(path: str, text: str) -> list[Mutant]:
    """Every mutant of a Python file (still valid Python) or of an SQL file, in line order.

    >>> [mutant.after for mutant in find_mutants("a.py", "def f(x):\\n    return x < 3\\n")]
    ['return x <= 3', 'return x < (3 + 1)']
    """
    if path.endswith(".sql"):
        return find_in_statement(path, text)
    source = Source(path, text)
    mutants: list[Mutant] = []
    counts: dict[str, int] = {}
    for function, node in _functions(source.tree):
        for name, operator in OPERATORS.items():
            for edit in operator(source, node):
                key = f"{path}::{function}::{name}"
                counts[key] = counts.get(key, 0) + 1
                mutant = _mutant(path, text, f"{key}::{counts[key]}", edit)
                if _is_python(mutant.apply(text)):
                    mutants.append(mutant)
    return sorted(mutants, key=lambda mutant: mutant.edit[0])


def find_in_statement(path: str, text: str) -> list[Mutant]:
    """The mutants of an .sql file, comments left out; named like the constant that it is loaded into.

    >>> [mutant.name for mutant in find_in_statement("a/find.sql", "SELECT 1 WHERE 1 < 2\\n")]
    ['a/find.sql::FIND::in_sql::1']
    """
    constant = PurePath(path).stem.upper()
    edits = [edit for edit in _turned_words(text) if not _is_comment(text, edit[0])]
    mutants = [
        _mutant(path, text, f"{path}::{constant}::in_sql::{number}", edit)
        for number, edit in enumerate(edits, start=1)
    ]
    return sorted(mutants, key=lambda mutant: mutant.edit[0])


def _is_comment(text: str, start: int) -> bool:
    return text[text.rfind("\n", 0, start) + 1 :].startswith("--")


def _mutant(path: str, text: str, name: str, edit: Edit) -> Mutant:
    start, end, _ = edit
    first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    mutated = text[:start] + edit[2] + text[end:]
    length = (len(text) if last < 0 else last) - first
    grown = len(mutated) - len(text)
    return Mutant(
        name=name,
        path=path,
        line=text.count("\n", 0, start) + 1,
        before=text[first : first + length].strip(),
        after=mutated[first : first + length + grown].strip(),
        edit=edit,
    )


def _functions(tree: ast.AST, inside: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every node with the name of its function; without annotations and docstrings."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            name = f"{inside}.{node.name}".strip(".")
            is_function = not isinstance(node, ast.ClassDef)
            for statement in node.body:
                if is_function:
                    yield from ((name, each) for each in _walk(statement) if not _is_docstring(statement))
                elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    yield from _functions(ast.Module(body=[statement], type_ignores=[]), name)
        elif not inside and isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and isinstance(node.value, ast.Constant):
                yield target.id, node.value  # a named statement of SQL, a bound


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """A node and its descendants, except logging calls, error messages and zip's `strict`."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _is_logging(node.value.func):
        return
    if isinstance(node, ast.keyword) and node.arg == "strict":
        return  # a check that never fails, or the code is wrong elsewhere
    yield node
    if isinstance(node, ast.Raise):
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_text(node: ast.BinOp) -> bool:
    """Whether an addition joins literal strings, lists or tuples, whose subtraction is a TypeError."""
    literal = (ast.List, ast.Tuple, ast.JoinedStr, ast.ListComp)
    sides = (node.left, node.right)
    return any(
        isinstance(side, literal) or (isinstance(side, ast.Constant) and isinstance(side.value, (str, bytes)))
        for side in sides
    )


def _is_a_row(node: ast.expr) -> bool:
    """Whether it indexes a fetched row with one column, whose first value is also its last."""
    return isinstance(node, ast.Call) and _name_of(node.func) == "fetchone"


def _is_logging(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and getattr(function.value, "id", "") == "logger"


def _name_of(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def _is_python(text: str) -> bool:
    try:
        compile(text, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True
