"""Slow test data that many tests need: created once, then restored from a snapshot."""

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeVar

import redis
from django.conf import settings

from tests.tables import filled_tables, read_rows, without_triggers, write_rows

Given = TypeVar("Given")
LOG = "scoring_logentry"

_taken: dict[Hashable, "Snapshot"] = {}


class Snapshot(NamedTuple):
    given: Any
    rows: dict[str, str]
    states: dict[bytes, bytes]


def once(key: Hashable, make: Callable[[], Given]) -> Given:
    """The result of the first `make` in this process, with the rows and online states that it created.

    The log and Redis must be empty before. Tables that already have rows, such as users, are not touched.
    """
    if key not in _taken:
        _taken[key] = _take(make)
    else:
        _restore(_taken[key])
    given: Given = _taken[key].given
    return given


def _take(make: Callable[[], Any]) -> Snapshot:
    with without_triggers() as cursor:
        before = set(filled_tables(cursor))
        assert LOG not in before, "existing log entries would be omitted"
    given = make()
    with without_triggers() as cursor:
        rows = {table: read_rows(cursor, table) for table in filled_tables(cursor) if table not in before}
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        states = {name: client.dump(name) for name in client.scan_iter() if client.ttl(name) == -1}
    return Snapshot(given, rows, states)


def _restore(snapshot: Snapshot) -> None:
    with without_triggers() as cursor:
        write_rows(cursor, snapshot.rows)
    with redis.Redis.from_url(settings.REDIS_URL) as client, client.pipeline(transaction=False) as pipeline:
        for name, value in snapshot.states.items():
            pipeline.restore(name, 0, value)
        pipeline.execute()
