"""Counts, week by week, which events got a label, by which source, and how late."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import F

from monitoring.labels.history import DAY_SECONDS, HISTORY
from monitoring.labels.source_delays import measure_delays
from monitoring.models import LabelWeek
from monitoring.windows.weeks import WEEK, weeks_between
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_types

SETTLING = timedelta(days=30)  # after maturity, in which labels are still expected
SAMPLE = 200_000  # events read of a week
MAX_DAYS = 180  # of delay; longer ones count as this
_TICKS = 1 << 16  # into which positions are hashed

_COUNT = """
    SELECT count(*), count(*) FILTER (WHERE (hashint8(position) & %(mask)s) < %(keep)s)
      FROM scoring_event
     WHERE type = %(type)s AND occurred_at >= %(start)s AND occurred_at < %(until)s AND retracted_at IS NULL
"""
# The events of a sample that have a label now: seconds from the week's start to the event and to its first
# label, and the sources that gave it one.
_LABELED = """
    SELECT extract(epoch FROM event.occurred_at - %(start)s)::float8,
           extract(epoch FROM label.known_at - %(start)s)::float8, label.sources
      FROM scoring_event event
      JOIN LATERAL (
           SELECT min(known_at) AS known_at, array_agg(DISTINCT source) AS sources,
                  (array_agg(effective ORDER BY position DESC))[1] AS effective
             FROM scoring_label
            WHERE event_stream = event.type || '/' || event.source || '/' || event.external_id) label
        ON label.effective IS NOT NULL
     WHERE event.type = %(type)s AND event.occurred_at >= %(start)s AND event.occurred_at < %(until)s
       AND event.retracted_at IS NULL AND (hashint8(event.position) & %(mask)s) < %(keep)s
"""


def measure_labels(*, now: datetime) -> list[str]:
    """Count the weeks of every event type that are not settled, and compare the delays of its sources;
    returns the names of those with events.
    """
    kinds = [kind for kind in event_types().values() if kind.scored]
    for kind in kinds:
        measure_delays(kind, now=now)
    return [kind.name for kind in kinds if measure_type(kind, now=now)]


def measure_type(kind: type[EventType], *, now: datetime) -> int:
    """Count the weeks of an event type that are not settled; returns how many have events."""
    settling = kind.matures_after + SETTLING
    settled = LabelWeek.objects.filter(event_type=kind.name, computed_at__gte=F("until") + settling)
    done = set(settled.values_list("start", flat=True))
    starts = [start for start in weeks_between(now - HISTORY, now) if start not in done]
    return sum(_measure_week(kind, start, now=now) for start in starts)


def _measure_week(kind: type[EventType], start: datetime, *, now: datetime) -> bool:
    """Whether the week has events, which are then counted."""
    period: dict[str, Any] = {"type": kind.name, "start": start, "until": start + WEEK, "mask": _TICKS - 1}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {**period, "keep": _TICKS})
        events = read = int(cursor.fetchone()[0])
        if not events:
            return False
        keep = _TICKS if events <= SAMPLE else max(_TICKS * SAMPLE // events, 1)
        if keep < _TICKS:
            cursor.execute(_COUNT, {**period, "keep": keep})
            read = int(cursor.fetchone()[1])
        cursor.execute(_LABELED, {**period, "keep": keep})
        labeled = cursor.fetchall()
    counted = {
        "until": start + WEEK,
        "events": events,
        "read": read,
        "labeled": len(labeled),
        "by_source": Counter(source for *_, sources in labeled for source in sources),
        "arrivals": _arrivals(labeled),
        "computed_at": now,
    }
    LabelWeek.objects.update_or_create(event_type=kind.name, start=start, defaults=counted)
    return True


def _arrivals(labeled: list[tuple[float, float, list[str]]]) -> list[list[int]]:
    """As `LabelWeek` has them. A label that was known before its event occurred counts as known at once."""
    if not labeled:
        return []
    occurred, known = (np.array([row[at] for row in labeled]) for at in (0, 1))
    known = np.maximum(known, occurred)
    weeks = (known // WEEK.total_seconds()).astype(int)
    days = np.minimum((known - occurred) // DAY_SECONDS, MAX_DAYS).astype(int)
    counts = Counter(zip(weeks.tolist(), days.tolist(), strict=True))
    return [[week, day, count] for (week, day), count in sorted(counts.items())]
