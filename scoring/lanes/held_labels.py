"""How many labels of a sender may be held for events that have not arrived.

The limit is soft: a count is reused for some seconds, plus what this process has held since.
"""

import time

from django.conf import settings
from django.db import connection

from scoring.lanes.errors import TooManyHeldLabels

COUNT_SECONDS = 5.0
RETRY_SECONDS = 60

COUNT = """
    SELECT count(*) FROM (
        SELECT 1 FROM scoring_pending
         WHERE state = 'held' AND split_part(event_stream, '/', 2) = %s LIMIT %s) held
"""

_counted: dict[str, tuple[float, int]] = {}


def remaining_capacity(source: str) -> int:
    """How many more labels of the sender may be held."""
    return max(0, settings.API_MAX_HELD_LABELS - _held(source))


def too_many_held_error(source: str) -> TooManyHeldLabels:
    """The error for a label that is not held."""
    limit = settings.API_MAX_HELD_LABELS
    return TooManyHeldLabels(source=source, held=limit, limit=limit, wait=RETRY_SECONDS)


def note_held(source: str, count: int) -> None:
    """Note that `count` more labels of the sender are held."""
    until, before = _counted.get(source, (0.0, 0))
    _counted[source] = until, before + count


def _held(source: str) -> int:
    until, count = _counted.get(source, (0.0, 0))
    if time.monotonic() < until:
        return count
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [source, settings.API_MAX_HELD_LABELS])
        count = int(cursor.fetchone()[0])
    _counted[source] = time.monotonic() + COUNT_SECONDS, count
    return count
