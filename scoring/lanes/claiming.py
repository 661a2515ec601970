"""Claim pending entries: which ones a lane processes next. The rule is in claim.sql."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from django.db import connection

from scoring.lanes.amendments import REPLACEMENTS
from scoring.lanes.queue import LATER, NORMAL, URGENT
from scoring.log.upcasters import upcast_to_current
from scoring.signals.spans import METADATA_KEY, is_tracing
from scoring.sql.statements import array_text, execute_prepared

TRACE = f"coalesce(event.metadata::json ->> '{METADATA_KEY}', '')"
CLAIM = Path(__file__).with_name("claim.sql").read_text()


class Claim(NamedTuple):
    """One pending entry with everything that processing it needs. A tuple, as `Entry` is.

    `event`: the data of the event's version that the entry concerns, `event_version` its position and
    `received_at` its time; `event_position` is the position of the receipt. `amended`: the event has been
    corrected, enriched or retracted.
    """

    position: int
    kind: str
    urgent: bool
    event_stream: str
    wake_token: str | None
    data: Mapping[str, Any]
    event_position: int
    event: Mapping[str, Any]
    event_version: int
    received_at: datetime
    stream_version: int  # of the event's stream
    decisions: int  # already in the event's stream
    amended: bool
    routes: str  # versions of all routes when it was claimed: "payment/3 post/1"
    ruleset: int  # version of the ruleset when it was claimed
    trace: str = ""  # of the request that brought the event; "" if it was not traced

    @property
    def source(self) -> str:
        """The source of the event that the entry concerns."""
        return self.event_stream.split("/", 2)[1]


def claim(
    lane: str, *, limit: int, fill: int | None = None, after: str = "", without: Sequence[int] = ()
) -> list[Claim]:
    """The next entries of a lane: up to `limit` of waiting clients, filled up to `fill` with others.

    At least one of the others is included, unless `limit` is reached. Their senders take turns; `after` is
    the source of the previous turn. Entries at the positions `without` are left out. The caller holds the
    lane, so nothing is locked.
    """
    with connection.cursor() as cursor:
        statement = _statement(limit, fill or limit, TRACE if is_tracing() else "''")
        execute_prepared(cursor, statement, [lane, after, array_text(without)])
        return [_claim(row) for row in cursor.fetchall()]


@cache
def _statement(limit: int, fill: int, trace: str) -> str:
    return CLAIM.format(limit=limit, fill=fill, trace=trace, urgent=URGENT, normal=NORMAL, later=LATER)


def _claim(row: Sequence[Any]) -> Claim:
    """Raises UnknownSchemaVersion for an entry of newer code: that is not for this process to park."""
    position, kind, priority, event_stream, wake_token, entry_type, entry_schema, data, *rest = row
    event_position, event_schema, event, received_at, *rest = rest
    version, decisions, amended, routes, ruleset, trace = rest
    entry_data = upcast_to_current(entry_type, event_stream, entry_schema, orjson.loads(data))
    replaced = entry_type in REPLACEMENTS
    event_data = (
        entry_data
        if replaced
        else upcast_to_current("event.received", event_stream, event_schema, orjson.loads(event))
    )
    return Claim(
        position,
        kind,
        priority == URGENT,
        event_stream,
        wake_token,
        entry_data,
        event_position,
        event_data,
        position if replaced else event_position,
        received_at,
        version,
        decisions,
        amended,
        routes,
        ruleset,
        trace,
    )
