"""The senders' own ids of events, by log position."""

from django.db import connection
from numpy.typing import NDArray

# Positions may be those of receipts or of corrections.
_IDS = """
    SELECT position, source, external_id FROM scoring_event WHERE position = ANY(%(positions)s)
    UNION ALL
    SELECT amendment.position, source, external_id
      FROM scoring_amendment amendment JOIN scoring_event event ON event.position = amendment.event_position
     WHERE amendment.position = ANY(%(positions)s)
"""


def event_ids(positions: NDArray) -> tuple[list[str], list[str]]:
    """The sources and the senders' own ids of the events at `positions` (of receipts or corrections)."""
    with connection.cursor() as cursor:
        cursor.execute(_IDS, {"positions": positions.tolist()})
        known = {position: (source, external_id) for position, source, external_id in cursor.fetchall()}
    pairs = [known[position] for position in positions.tolist()]
    return [source for source, _ in pairs], [external_id for _, external_id in pairs]
