"""The money that exploration has let through today, for a process that takes a lane."""

from collections.abc import Collection
from datetime import UTC, datetime

from django.db import connection

from scoring.catalog.registry import event_type as find_event_type
from scoring.rules.exploration.drawing import Explorer

# Corrected events that are explored again count again: the caps err on the side of less money.
_SPENT = """
    SELECT event_type, coalesce(sum(stake), 0)::bigint, count(*) FILTER (WHERE stake IS NULL)
      FROM scoring_decision
     WHERE propensity IS NOT NULL AND event_type = ANY(%s) AND decided_at >= %s
     GROUP BY event_type
"""


def read_explorer(event_types: Collection[str], *, now: datetime) -> Explorer:
    """An explorer for a lane's event types, with the money let through since midnight (UTC)."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(_SPENT, [list(event_types), midnight])
        spent = {
            name: stakes + without * find_event_type(name).nominal_stake
            for name, stakes, without in cursor.fetchall()
        }
    return Explorer(spent, now=now)


def money_at_risk(event_type: str, stake: int | None) -> int:
    """What letting an event through may cost: its stake, or the nominal one of its type; minor units."""
    return find_event_type(event_type).nominal_stake if stake is None else stake
