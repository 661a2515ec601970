"""Rebuild projections from the log, row for row as appends wrote them."""

from collections.abc import Callable, Collection

from django.db import connection, transaction

from scoring.log.entries import Entry
from scoring.log.errors import UnknownProjection
from scoring.log.projections import (
    Projection,
    RowProjection,
    StateProjection,
    copy_and_amend,
    registered,
)
from scoring.log.read import iter_log
from scoring.sql.bulk_tables import Row, copy_rows

Advance = Callable[[int], object]  # gets the number of log positions passed


def find_projection(name: str) -> Projection:
    """The projection of a table, by its name with or without the app's prefix. Raises `UnknownProjection`."""
    known = {projection.table.name: projection for projection in registered()}
    short = {table.split("_", 1)[1]: projection for table, projection in known.items()}
    found = known.get(name) or short.get(name)
    if found is None:
        raise UnknownProjection(name, known=sorted(short))
    return found


def last_position() -> int:
    """The highest position in the log, 0 for an empty log."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(max(position), 0) FROM scoring_logentry")
        return int(cursor.fetchone()[0])


def stop_appending() -> None:
    """Wait for appends in progress and block new ones until the transaction ends; readers continue."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE scoring_logentry IN SHARE ROW EXCLUSIVE MODE")


def hold_consumers() -> None:
    """Wait for runs of consumers in progress and block new ones until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM scoring_consumercursor ORDER BY name FOR UPDATE")


def rebuild_projections(
    projections: Collection[Projection], *, advance: Advance = lambda passed: None
) -> None:
    """Empty the tables of `projections` and fold the log into them, in one transaction and one pass.

    Appends, consumers and reads of these tables wait until it ends.
    """
    types = frozenset[str]().union(*(projection.types for projection in projections))
    states: dict[str, dict[object, Row]] = {p.table.name: {} for p in projections}
    with transaction.atomic():
        # Consumers read several of these tables, and some append: truncating under them would deadlock.
        hold_consumers()
        stop_appending()
        _empty(projections)
        passed = 0
        for entries in iter_log(types=types):
            for projection in projections:
                _fold(projection, entries, states[projection.table.name])
            advance(entries[-1].position - passed)
            passed = entries[-1].position
        for projection in projections:
            if isinstance(projection, StateProjection):
                copy_rows(connection, projection.table, states[projection.table.name].values())
        advance(last_position() - passed)


def _empty(projections: Collection[Projection]) -> None:
    with connection.cursor() as cursor:
        for projection in projections:
            cursor.execute(f'TRUNCATE "{projection.table.name}"')


def _fold(projection: Projection, entries: list[Entry], states: dict[object, Row]) -> None:
    if isinstance(projection, RowProjection):
        copy_and_amend(projection, entries)
    else:
        projection.fold(states, entries)
