"""The events or values that a query finds, fixed for an action: the query does not run again."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from reviews.investigation.bulk.errors import TooMuchFound
from reviews.investigation.bulk.outcome import Item
from reviews.investigation.query.query import Query
from reviews.investigation.query.session import open_session
from reviews.investigation.results.investigating import source_for
from reviews.investigation.results.matching import select_matching
from reviews.investigation.store.following import investigation_store
from scoring.catalog.registry import scored_type
from scoring.log.read import read_positions
from scoring.rules.backtest.evaluation.reading import read_versions, version_decided


class Found(NamedTuple):
    """An event or value; `events`: the number of matching ones that have the value."""

    item: Item
    events: int = 1


class _Event(NamedTuple):
    """A matching event by its position, and that of its latest decision."""

    position: int
    decision: int


def find_events(query: Query, *, withheld: Collection[int], now: datetime) -> list[Found]:
    """The matching events, the newest first. Raises TooMuchFound, and as `investigate` does."""
    return [Found(event.position) for event in _matching(query, withheld=withheld, now=now)]


def find_values(query: Query, field: str, *, withheld: Collection[int], now: datetime) -> list[Found]:
    """The different values of a field among the matching events, the most frequent first.

    Of a personal field the digests, which are read from the log, so that the bound holds for events then.
    Raises TooMuchFound, and as `investigate` does.
    """
    if scored_type(query.event_type).fields[field].personal:
        return _logged_values(_matching(query, withheld=withheld, now=now), field)
    store = investigation_store()
    source = source_for(replace(query, compare=False), store, now=now)
    if not source.decided:
        return []
    with open_session(store) as session:
        matched = select_matching(session, query, source, withheld=withheld, also=(field,))
        column = matched.values[field]
        [(found,)] = session.execute(
            f"SELECT count(DISTINCT {column}) FROM matched WHERE is_current"  # noqa: S608 (a name of ours)
        )
        _check(int(found), "values")
        counted = session.execute(
            f"SELECT {column}, count(*) FROM matched"  # noqa: S608 (a name of ours)
            f" WHERE is_current AND {column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
        )
    return [Found(str(value), events) for value, events in counted]


def _matching(query: Query, *, withheld: Collection[int], now: datetime) -> list[_Event]:
    store = investigation_store()
    source = source_for(replace(query, compare=False), store, now=now)
    if not source.decided:
        return []
    with open_session(store) as session:
        select_matching(session, query, source, withheld=withheld)
        [(found,)] = session.execute("SELECT count(*) FROM matched WHERE is_current")
        _check(int(found), "events")
        rows = session.execute(
            "SELECT event_position, position FROM matched WHERE is_current"
            " ORDER BY received_at DESC, event_position DESC"
        )
    return [_Event(*row) for row in rows]


def _logged_values(events: Sequence[_Event], field: str) -> list[Found]:
    """The values of a field in the versions of these events that were decided last, as they are logged."""
    decided = [version_decided(entry.data) for entry in read_positions([each.decision for each in events])]
    versions = read_versions(decided)
    counted: dict[Item, int] = {}
    for position in decided:
        value = versions[position]["fields"].get(field)
        if value is not None:
            counted[str(value)] = counted.get(str(value), 0) + 1
    return [Found(item, count) for item, count in sorted(counted.items(), key=lambda each: -each[1])]


def _check(found: int, what: str) -> None:
    limit = settings.BULK_ACTION_ITEMS
    if found > limit:
        raise TooMuchFound(found=found, what=what, limit=limit)
