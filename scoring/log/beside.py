"""What is written with entries of the log: all of it or nothing, and where it fits in one round trip."""

from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True, slots=True)
class Beside:
    """SQL that belongs to an append, with its values in it (`quoted`).

    `first` is a statement to run before it. `before` and `clauses` are WITH-queries, "name AS (...)"; the
    latter may refer to `written (stream, stream_version, position)`, the entries as they were appended.
    `guard` is a condition over `before`: where it does not hold nothing is written, and `append` raises
    StreamConflict.
    """

    first: str = ""
    before: str = ""
    clauses: tuple[str, ...] = ()
    guard: str = "true"


ALONE = Beside()


def quoted(sql: str, values: list[Any]) -> str:
    """`sql` with its %s replaced by `values`, quoted by the driver."""
    with connection.cursor() as cursor:
        text: bytes = cursor.mogrify(sql, values)
        return text.decode()
