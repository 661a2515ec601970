"""Statements that the server plans once: planning a long one costs more than running it."""

import hashlib
import time
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db.backends.utils import CursorWrapper

from scoring.sql.statement import Sql, joined, numbered

# A plan made for a table of ten rows is a bad one when it has grown to a hundred thousand: it is made anew.
PLANNED_SECONDS = 10.0


@dataclass(slots=True)
class _Known:
    """The statements of one connection: when each was planned, and when others were run last."""

    planned: dict[str, float] = field(default_factory=dict)
    run: dict[str, float] = field(default_factory=dict)


_connections: "weakref.WeakKeyDictionary[Any, _Known]" = weakref.WeakKeyDictionary()


def execute_prepared(cursor: CursorWrapper, sql: str, values: Sequence[Any]) -> None:
    """Run `sql`, with its parameters written $1, $2, ..., by a statement prepared on this connection.

    Prepared statements belong to the server's session, like the locks of lanes: a pooler in between has to
    keep sessions.
    """
    call = _call(cursor, sql, tuple(values))
    cursor.execute(call.text, list(call.values))


def execute_often(cursor: CursorWrapper, *statements: Sql) -> None:
    """Run statements in one round trip, and in one transaction; the last one's rows can be fetched.

    Those that were run a moment ago too are prepared; to plan what is run now and then would be one round
    trip more.
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
    """What runs `sql` as prepared; it is planned first if that was not done lately."""
    name = name or _name_of(sql)
    planned = _connections.setdefault(cursor.connection, _Known()).planned
    if time.monotonic() - planned.get(name, float("-inf")) > PLANNED_SECONDS:
        if name in planned:
            cursor.execute(f"DEALLOCATE {name}")
            del planned[name]  # not before: the server has it for as long as it does not say otherwise
        cursor.execute(f"PREPARE {name} AS {sql}")
        planned[name] = time.monotonic()
    arguments = f"({', '.join(['%s'] * len(values))})" if values else ""
    return Sql(f"EXECUTE {name}{arguments}", values)


@cache
def _name_of(sql: str) -> str:
    return f"assay_{hashlib.sha256(sql.encode()).hexdigest()[:16]}"
