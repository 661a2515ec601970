"""Positions of the log by the time of recording, without an index on it."""

from datetime import datetime

from django.db import connection

# Halves the range of positions until the first one recorded at or after the time is left. A probe reads the
# next existing entry, as positions have gaps.
_FIRST_AT = """
WITH RECURSIVE search (low, high) AS (
    SELECT coalesce(min(position), 0), coalesce(max(position) + 1, 0) FROM scoring_logentry
    UNION ALL
    SELECT CASE WHEN probe.recorded_at < %(moment)s THEN probe.position + 1 ELSE low END,
           CASE WHEN probe.recorded_at < %(moment)s THEN high ELSE low + (high - low) / 2 END
    FROM search, LATERAL (
        SELECT position, recorded_at FROM scoring_logentry
        WHERE position >= low + (high - low) / 2 ORDER BY position LIMIT 1
    ) probe
    WHERE low < high
)
SELECT max(low) FROM search
"""


def positions_recorded(*, since: datetime | None, until: datetime | None) -> tuple[int | None, int | None]:
    """The first position recorded at `since` or later, and the first at `until` or later; None if not asked.

    Right where times rise with positions. They nearly do: give bounds some room, and compare times as well.
    """
    return (_first_at(since) if since else None, _first_at(until) if until else None)


def _first_at(moment: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_AT, {"moment": moment})
        return int(cursor.fetchone()[0])
