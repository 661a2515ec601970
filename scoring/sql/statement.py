"""Statements put together from pieces whose text does not depend on how much is written: arrays, not rows.

The text of a statement is then one of a few, which the server plans once (`scoring.sql.prepared`).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple


class Sql(NamedTuple):
    """A piece of a statement and the values of its %s, in order."""

    text: str
    values: tuple[Any, ...] = ()


NOTHING, TRUE = Sql(""), Sql("true")


def joined(pieces: Iterable[Sql], separator: str = " ") -> Sql:
    """The pieces that are not empty, one after the other."""
    given = [piece for piece in pieces if piece.text]
    return Sql(
        separator.join([piece.text for piece in given]),
        tuple([value for piece in given for value in piece.values]),
    )


@lru_cache(maxsize=256)
def numbered(text: str) -> str:
    """`text` with its %s as a prepared statement has them.

    >>> numbered("SELECT %s + %s")
    'SELECT $1 + $2'
    """
    first, *others = text.split("%s")
    return first + "".join(f"${number}{part}" for number, part in enumerate(others, start=1))


def array_text(values: Iterable[Any]) -> str:
    """Values of one kind as the text of a PostgreSQL array, which the server reads faster than ARRAY[...].

    Text, numbers, booleans, times, bytes and None (https://www.postgresql.org/docs/current/arrays.html).
    Raises KeyError for anything else.

    >>> array_text(["a", 'say "b"', None])
    '{"a","say \\\\"b\\\\"",NULL}'
    """
    return "{" + ",".join([_ELEMENTS[type(value)](value) for value in values]) + "}"


def _quoted(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    return '"' + text.replace('"', '\\"') + '"'


_ELEMENTS: dict[type, Callable[[Any], str]] = {
    str: _quoted,
    int: str,
    float: repr,
    bool: lambda value: "t" if value else "f",
    bytes: lambda value: f'"\\\\x{value.hex()}"',
    datetime: lambda value: f'"{value.isoformat()}"',
    type(None): lambda value: "NULL",
}


def unnested(columns: Sequence[Sequence[Any]], types: Sequence[str]) -> Sql:
    """`unnest(...)` of columns as rows, each column of one type."""
    arrays = ", ".join([f"%s::{each}[]" for each in types])
    return Sql(f"unnest({arrays})", tuple([array_text(column) for column in columns]))
