"""Rows that are written together with entries of the log, if possible in one round trip."""

from dataclasses import dataclass

from scoring.sql.statements import NOTHING, TRUE, Sql


@dataclass(frozen=True, slots=True)
class Alongside:
    """SQL that belongs to an append.

    `first` is a statement to run before it. `before` and `clauses` are WITH-queries,
    "name AS (...)"; the latter may refer to `written (stream, stream_version, position)`, the entries as they
    were appended. `guard` is a condition over `before`: where it does not hold nothing is written, and
    `append` raises StreamConflict.
    """

    first: Sql = NOTHING
    before: Sql = NOTHING
    clauses: tuple[Sql, ...] = ()
    guard: Sql = TRUE


NO_EXTRAS = Alongside()
