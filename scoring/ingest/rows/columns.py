"""Parses whole columns, with the same results as the field's own parser.

Texts and integers repeat within a column (cards, merchants, categories), so each distinct value is parsed
once. Floats are parsed one by one, because 0.0 and -0.0 are equal keys but different values.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scoring.catalog.errors import FieldError
from scoring.catalog.fields import Field
from scoring.catalog.parsing.cells import MAX_EXACT, is_scientific

# Bounds of memory: distinct values cached per column, and the share of new values in a chunk above which a
# column is not cached.
MAX_REMEMBERED = 100_000
MOSTLY_NEW = 0.5

MAX_QUOTED = 40  # characters of a cell in a message
# Beginnings of problems that do not quote the value; a value with a card number must not be quoted.
_UNQUOTED = ("must ", "has more ", "is not ", "is less ", "is more than ", "is longer ", "is too large")

Problems = dict[int, FieldError]  # by index in the column
_REMEMBERED_KINDS = ({str}, {int}, {tuple})


class ColumnParser:
    """Parses the columns of one field, chunk by chunk; `parse` must depend only on its argument."""

    def __init__(self, parse: Callable[[Any], Any]) -> None:
        self._parse = parse
        self._remembered: dict[type, dict[Any, Any]] = {}

    def values(self, raw: Sequence[Any]) -> tuple[list[Any], Problems]:
        """Canonical values (None for None) and the problems of invalid ones."""
        kinds = set(map(type, raw)) - {type(None)}
        if not kinds:
            return list(raw), {}
        results = self._look_up(raw, kinds.pop()) if kinds in _REMEMBERED_KINDS else list(map(self._try, raw))
        problems = {index: value for index, value in enumerate(results) if isinstance(value, FieldError)}
        for index in problems:
            results[index] = None
        return results, problems

    def _look_up(self, raw: Sequence[Any], kind: type) -> list[Any]:
        known = self._remembered.setdefault(kind, {None: None})
        if len(known) > MAX_REMEMBERED:
            known.clear()
            known[None] = None
        new = set(raw).difference(known)
        for value in new:
            known[value] = self._try(value)
        values = list(map(known.__getitem__, raw))
        if len(new) > MOSTLY_NEW * len(raw):
            del self._remembered[kind]
        return values

    def _try(self, raw: Any) -> Any:
        if raw is None:
            return None
        try:
            return self._parse(raw)
        except FieldError as problem:
            return problem


def raw_value(field: Field, raw: Any) -> Any:
    """A cell in the form that the field's parser expects, whatever its type; None for a missing value.

    >>> raw_value(Field(), 4711)
    '4711'
    """
    return field.read_cell(raw)


def digits(number: int | float) -> int | float | str:
    """An integer as text, even if a column with gaps stores it as a float; other numbers unchanged."""
    if isinstance(number, int):
        return str(number)
    return str(int(number)) if number.is_integer() and abs(number) <= 2**53 else number


def inexact(value: Any) -> FieldError | None:
    """The problem of a name or an id that is a number with lost digits; None for any other value.

    >>> str(inexact(1e17)), inexact("1001")
    ('is a number too large to be exact', None)
    """
    if isinstance(value, float) and abs(value) > MAX_EXACT:
        return FieldError("is a number too large to be exact", "names and ids stored as text")
    if isinstance(value, str) and "+" in value and is_scientific(value):
        problem = f"is {value.strip()!r}, a number whose last digits may be lost"
        return FieldError(problem, "names and ids exported as text, with all their digits")
    return None


def describe(column: str, error: FieldError, raw: Any = None) -> str:
    """The problem of a cell and what is allowed, with `raw` quoted unless the problem quotes it."""
    quoted = f" {str(raw)[:MAX_QUOTED]!r}" if raw is not None and error.problem.startswith(_UNQUOTED) else ""
    column = f"{column}{quoted}"
    allowed = "" if error.allowed is None else f" (allowed: {_listed(error.allowed)})"
    return f"{column} {error.problem}{allowed}"


def _listed(allowed: Any) -> str:
    is_list = isinstance(allowed, Sequence) and not isinstance(allowed, str)
    return ", ".join(map(str, allowed)) if is_list else str(allowed)


def merge_problems(
    into: dict[int, list[str]],
    column: str,
    problems: Mapping[int, FieldError],
    raw: Sequence[Any] = (),
) -> None:
    """Add a column's problems to those of the rows; `raw`: its cells, if they may be quoted."""
    for index, error in problems.items():
        into.setdefault(index, []).append(describe(column, error, raw[index] if raw else None))
