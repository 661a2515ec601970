"""A column at a time: the canonical values of many raw ones, each exactly as its field's own parser gives it.

Texts and whole numbers repeat within a column (cards, merchants, categories), so each distinct one is
parsed once. Floats are parsed one by one: 0.0 and -0.0 are equal keys but not the same value.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scoring.catalog.cells import MAX_EXACT, is_scientific
from scoring.catalog.errors import FieldError
from scoring.catalog.fields import Field

# Distinct values remembered per column before starting over, and the share of new ones in a chunk from which
# a column counts as one that seldom repeats, of which nothing is remembered: both bound memory.
MOST_REMEMBERED = 100_000
SELDOM_REPEATS = 0.5

MAX_QUOTED = 40  # characters of a cell in a message
# How problems begin that do not say which value has them; one that holds a card number must not.
_UNQUOTED = ("must ", "has more ", "is not ", "is less ", "is more than ", "is longer ", "is too large")

Problems = dict[int, FieldError]  # by index in the column
_REMEMBERED_KINDS = ({str}, {int}, {tuple})


class ColumnParser:
    """Parses the columns of one field, chunk after chunk; `parse` must depend on its argument alone."""

    def __init__(self, parse: Callable[[Any], Any]) -> None:
        self._parse = parse
        self._remembered: dict[type, dict[Any, Any]] = {}

    def values(self, raw: Sequence[Any]) -> tuple[list[Any], Problems]:
        """Canonical values (None where the raw one is None) and what is wrong with those that have none."""
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
        if len(known) > MOST_REMEMBERED:
            known.clear()
            known[None] = None
        new = set(raw).difference(known)
        for value in new:
            known[value] = self._try(value)
        values = list(map(known.__getitem__, raw))
        if len(new) > SELDOM_REPEATS * len(raw):
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
    """A cell as the field's parser wants it, whatever the file keeps it as; None where the value is missing.

    >>> raw_value(Field(), 4711)
    '4711'
    """
    return field.read_cell(raw)


def digits(number: int | float) -> int | float | str:
    """A whole number as text, also one that a column with gaps keeps as a float; another number as it is."""
    if isinstance(number, int):
        return str(number)
    return str(int(number)) if number.is_integer() and abs(number) <= 2**53 else number


def inexact(value: Any) -> FieldError | None:
    """What is wrong with a name or an id that is a number with digits missing; None with any other.

    >>> str(inexact(1e17)), inexact("1001")
    ('is a number too large to be exact', None)
    """
    if isinstance(value, float) and abs(value) > MAX_EXACT:
        return FieldError("is a number too large to be exact", "names and ids stored as text")
    if isinstance(value, str) and "+" in value and is_scientific(value):
        problem = f"is {value.strip()!r}, a number whose last digits may be cut off"
        return FieldError(problem, "names and ids exported as text, with all their digits")
    return None


def describe(column: str, error: FieldError, raw: Any = None) -> str:
    """What is wrong with a cell, and what is allowed; with `raw` it is quoted where the problem does not."""
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
    """Add a column's problems to those of the rows; `raw` are its cells, if they may be quoted."""
    for index, error in problems.items():
        into.setdefault(index, []).append(describe(column, error, raw[index] if raw else None))
