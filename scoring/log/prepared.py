"""Statements that the server plans once: planning a long one costs more than running it."""

import hashlib
import time
import weakref
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db.backends.utils import CursorWrapper

from scoring.log.statement import NOTHING, Sql, joined, numbered

# A plan made for a table of ten rows is a bad one when it has grown to a hundred thousand: it is made anew.
PLANNED_SECONDS = 10.0

_planned: "weakref.WeakKeyDictionary[Any, dict[str, float]]" = weakref.WeakKeyDictionary()


def execute_prepared(cursor: CursorWrapper, sql: str, values: Sequence[Any], *, first: Sql = NOTHING) -> None:
    """Run `sql`, with its parameters written $1, $2, ..., by a statement prepared on this connection.

    `first` is run before it, prepared as well, in the same round trip and transaction. Prepared statements
    belong to the server's session, like the locks of lanes: a pooler in between has to keep sessions.
    """
    statements = [Sql(sql, tuple(values))]
    if first.text:
        statements.insert(0, Sql(numbered(first.text), first.values))
    calls = joined([_call(cursor, each) for each in statements], ";")
    cursor.execute(calls.text, list(calls.values))


def _call(cursor: CursorWrapper, statement: Sql) -> Sql:
    """What runs the statement; it is planned first if that was not done lately."""
    name = _name_of(statement.text)
    planned = _planned.setdefault(cursor.connection, {})
    if time.monotonic() - planned.get(name, float("-inf")) > PLANNED_SECONDS:
        if name in planned:
            cursor.execute(f"DEALLOCATE {name}")
            del planned[name]  # not before: the server has it for as long as it does not say otherwise
        cursor.execute(f"PREPARE {name} AS {statement.text}")
        planned[name] = time.monotonic()
    arguments = f"({', '.join(['%s'] * len(statement.values))})" if statement.values else ""
    return Sql(f"EXECUTE {name}{arguments}", statement.values)


@cache
def _name_of(sql: str) -> str:
    return f"assay_{hashlib.sha256(sql.encode()).hexdigest()[:16]}"
