"""Statements that the server plans once: planning a long one costs more than running it."""

import hashlib
import time
import weakref
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db.backends.utils import CursorWrapper

# A plan made for a table of ten rows is a bad one when it has grown to a hundred thousand: it is made anew.
PLANNED_SECONDS = 10.0

_planned: "weakref.WeakKeyDictionary[Any, dict[str, float]]" = weakref.WeakKeyDictionary()


def execute_prepared(cursor: CursorWrapper, sql: str, values: Sequence[Any], *, first: str = "") -> None:
    """Run `sql`, with its parameters written $1, $2, ..., by a statement prepared on this connection.

    `first`, a statement with its values in it, is run before it in the same round trip and transaction.
    Prepared statements belong to the server's session, like the locks of lanes: a pooler in between has to
    keep sessions.
    """
    name = _name_of(sql)
    planned = _planned.setdefault(cursor.connection, {})
    if time.monotonic() - planned.get(name, float("-inf")) > PLANNED_SECONDS:
        if name in planned:
            cursor.execute(f"DEALLOCATE {name}")
            del planned[name]  # not before: the server has it for as long as it does not say otherwise
        cursor.execute(f"PREPARE {name} AS {sql}")
        planned[name] = time.monotonic()
    arguments = f"({', '.join(['%s'] * len(values))})" if values else ""
    before = first.replace("%", "%%") + ";" if first else ""
    cursor.execute(f"{before}EXECUTE {name}{arguments}", list(values))


@cache
def _name_of(sql: str) -> str:
    return f"assay_{hashlib.sha256(sql.encode()).hexdigest()[:16]}"
