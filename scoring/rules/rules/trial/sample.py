"""A sample of the events decided since some time: bounded in size and time, whatever is stored."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from scoring.intake.models import Event
from scoring.rules.rules.trial.decided_events import DecidedEvent, FeatureColumns, read_decided_events

DRAWS = 12_000  # positions drawn in one query
MAX_DRAWS = 5 * DRAWS
SEED = 14

# Recorded times rise with positions, but for transactions that overlap.
_AT = "SELECT recorded_at FROM scoring_logentry WHERE position >= %s ORDER BY position LIMIT 1"
_ENDS = "SELECT coalesce(min(position), 1), coalesce(max(position), 0) FROM scoring_logentry"
_BETWEEN = """
    SELECT stream FROM scoring_logentry
     WHERE position BETWEEN %s AND %s AND type = 'decision.made' AND starts_with(stream, %s)
       AND recorded_at >= %s
     ORDER BY position
"""
_DRAWN = """
    SELECT stream FROM scoring_logentry
     WHERE position = ANY(%s) AND type = 'decision.made' AND starts_with(stream, %s) AND recorded_at >= %s
     ORDER BY position
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """Decided events of one type. `total`: how many the period has; an estimate unless `is_complete`."""

    events: list[DecidedEvent]
    total: int
    is_complete: bool


def sample_events(event_type: str, *, since: datetime, limit: int) -> Sample:
    """Up to `limit` events of a type whose first decision was recorded since then.

    Each is as likely as any other. In a long log, positions are drawn until enough of them are decisions, so
    there may be fewer than `limit` where decisions of the type are rare. The same log gives the same sample.
    """
    first, last = positions_since(since)
    if last - first < MAX_DRAWS:
        streams = _streams(_BETWEEN, [first, last, f"{event_type}/", since])
        chosen, total = _choose(streams, limit), len(streams)
    else:
        chosen, total = _draw(event_type, first, last, since=since, limit=limit)
    events = read_decided_events(chosen, columns=FeatureColumns(event_type))
    return Sample(events, total, is_complete=len(chosen) == total)


def latest_events(event_type: str, *, limit: int) -> list[DecidedEvent]:
    """The events of a type that occurred last, latest first."""
    events = Event.objects.filter(type=event_type, retracted_at=None).order_by("-occurred_at")[:limit]
    streams = [event.stream for event in events]
    return read_decided_events(streams, columns=FeatureColumns(event_type))


def positions_since(moment: datetime) -> tuple[int, int]:
    """The first position of the log that was recorded at or after `moment`, by bisection, and the last one.

    The first is after the last if nothing was recorded since.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ENDS)
        low, last = cursor.fetchone()
        high = last + 1
        while low < high:
            middle = (low + high) // 2
            cursor.execute(_AT, [middle])
            [recorded_at] = cursor.fetchone()
            low, high = (low, middle) if recorded_at >= moment else (middle + 1, high)
    return low, last


def _draw(event_type: str, first: int, last: int, *, since: datetime, limit: int) -> tuple[list[str], int]:
    """The streams at drawn positions in [first, last], at most `limit`; and how many there are about."""
    positions = random.Random(SEED).sample(range(first, last + 1), MAX_DRAWS)
    streams: list[str] = []
    for start in range(0, MAX_DRAWS, DRAWS):
        drawn = positions[start : start + DRAWS]
        streams += _streams(_DRAWN, [drawn, f"{event_type}/", since])
        if len(streams) >= limit:
            break
    total = round(len(streams) * (last - first + 1) / (start + DRAWS))
    return _choose(streams, limit), total


def _choose(streams: list[str], limit: int) -> list[str]:
    return streams if len(streams) <= limit else random.Random(SEED).sample(streams, limit)


def _streams(statement: str, values: Sequence[Any]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]
