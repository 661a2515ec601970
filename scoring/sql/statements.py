"""SQL statements, built from fragments whose text does not depend on the number of rows, and prepared.

Values are passed as arrays, so there are only a few distinct texts. The server plans each once: planning a
long statement costs more than running it.
"""

import hashlib
import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

from django.db.backends.utils import CursorWrapper


class Sql(NamedTuple):
    """A fragment of a statement and the values of its %s, in order."""

    text: str
    values: tuple[Any, ...] = ()


NOTHING, TRUE = Sql(""), Sql("true")


def joined(pieces: Iterable[Sql], separator: str = " ") -> Sql:
    """The fragments that are not empty, joined."""
    given = [piece for piece in pieces if piece.text]
    return Sql(
        separator.join([piece.text for piece in given]),
        tuple([value for piece in given for value in piece.values]),
    )


@lru_cache(maxsize=256)
def numbered(text: str) -> str:
    """`text` with its %s as the parameters of a prepared statement.

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


# Plans are renewed: one made for a table of ten rows is bad once it has a hundred thousand.
PLANNED_SECONDS = 10.0


@dataclass(slots=True)
class _Known:
    """The statements of one connection: when each was planned, and when each was last run."""

    planned: dict[str, float] = field(default_factory=dict)
    run: dict[str, float] = field(default_factory=dict)


_connections: "weakref.WeakKeyDictionary[Any, _Known]" = weakref.WeakKeyDictionary()


def execute_prepared(cursor: CursorWrapper, sql: str, values: Sequence[Any]) -> None:
    """Run `sql`, with its parameters written $1, $2, ..., by a statement prepared on this connection.

    Prepared statements belong to the server's session, as the locks of lanes do: a connection pooler must
    pool by session.
    """
    call = _call(cursor, sql, tuple(values))
    cursor.execute(call.text, list(call.values))


def execute_often(cursor: CursorWrapper, *statements: Sql) -> None:
    """Run statements in one round trip, and in one transaction; the last one's rows can be fetched.

    Statements that were run recently are prepared; planning occasional ones would cost a round trip.
    """
    known = _connections.setdefault(cursor.connection, _Known())
    calls = []
    for statement in statements:
        name, now = _name_of(statement.text), time.monotonic()
        if name in known.planned or now - known.run.get(name, float("-inf")) < PLANNED_SECONDS:
            calls.append(_call(cursor, numbered(statement.text), statement.values, name=name))
        else:
            calls.append(statement)
        known.run[name] = now
    together = joined(calls, ";")
    cursor.execute(together.text, list(together.values))


def _call(cursor: CursorWrapper, sql: str, values: tuple[Any, ...], *, name: str = "") -> Sql:
    """The call that runs `sql` as a prepared statement, planned first if that was not done recently."""
    name = name or _name_of(sql)
    planned = _connections.setdefault(cursor.connection, _Known()).planned
    if time.monotonic() - planned.get(name, float("-inf")) > PLANNED_SECONDS:
        if name in planned:
            cursor.execute(f"DEALLOCATE {name}")
            del planned[name]  # only now: the statement exists until DEALLOCATE succeeds
        cursor.execute(f"PREPARE {name} AS {sql}")
        planned[name] = time.monotonic()
    arguments = f"({', '.join(['%s'] * len(values))})" if values else ""
    return Sql(f"EXECUTE {name}{arguments}", values)


@cache
def _name_of(sql: str) -> str:
    return f"assay_{hashlib.sha256(sql.encode()).hexdigest()[:16]}"
