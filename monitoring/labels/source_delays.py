"""Reads the delays of labels by source, and stores how those of recent events compare with earlier ones."""

from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from monitoring.labels.delays import DelayComparison, DelayedLabels, compare_delays, delayed_labels
from monitoring.labels.history import DAY_SECONDS, HISTORY
from monitoring.models import LabelDelay
from scoring.catalog.event_type import EventType
from scoring.intake.label_sources import PEOPLE

MAX_LABELS: Final = 20_000  # read of a source
MAX_SOURCES: Final = 20  # those with the most labels
_TICKS: Final = 1 << 16  # into which streams are hashed

# Verdicts of reviewers come as soon as their queue allows, and many of them together: they have an SLA.
_SOURCES: Final = """
    SELECT source, count(*) FROM scoring_label
     WHERE starts_with(event_stream, %(prefix)s) AND known_at >= %(since)s
       AND value IS NOT NULL AND source <> %(people)s
     GROUP BY source ORDER BY count(*) DESC, source LIMIT %(sources)s
"""
# The first label that a source gave an event, with its value and the event's sender.
_DELAYS: Final = """
    SELECT extract(epoch FROM %(now)s - submitted.occurred_at)::float8,
           extract(epoch FROM stated.known_at - submitted.occurred_at)::float8, stated.value, submitted.source
      FROM (SELECT DISTINCT ON (event_stream) event_stream, known_at, value
              FROM scoring_label
             WHERE starts_with(event_stream, %(prefix)s) AND source = %(source)s AND value IS NOT NULL
               AND known_at >= %(since)s AND known_at <= %(now)s
               AND (hashtext(event_stream) & %(mask)s) < %(keep)s
             ORDER BY event_stream, known_at, position) stated
      JOIN scoring_logentry receipt ON receipt.stream = stated.event_stream AND receipt.stream_version = 1
      JOIN scoring_event submitted ON submitted.position = receipt.position
     WHERE submitted.occurred_at >= %(since)s AND submitted.retracted_at IS NULL
"""


def measure_delays(kind: type[EventType], *, now: datetime) -> int:
    """Compare the delays of each source of labels, and store the comparisons; returns how many."""
    found = {source: compare_delays(known) for source, known in _read_sources(kind, now=now).items()}
    rows = [
        _row(kind.name, source, comparison, now=now)
        for source, comparison in found.items()
        if comparison is not None
    ]
    with transaction.atomic():
        LabelDelay.objects.filter(event_type=kind.name).delete()
        LabelDelay.objects.bulk_create(rows)
    return len(rows)


def _read_sources(kind: type[EventType], *, now: datetime) -> dict[str, DelayedLabels]:
    asked: dict[str, Any] = {"prefix": f"{kind.name}/", "since": now - HISTORY, "now": now, "people": PEOPLE}
    with connection.cursor() as cursor:
        cursor.execute(_SOURCES, {**asked, "sources": MAX_SOURCES})
        return {source: _read(source, labels, asked) for source, labels in cursor.fetchall()}


def _read(source: str, labels: int, asked: dict[str, Any]) -> DelayedLabels:
    keep = _TICKS if labels <= MAX_LABELS else max(_TICKS * MAX_LABELS // labels, 1)
    with connection.cursor() as cursor:
        cursor.execute(_DELAYS, {**asked, "source": source, "mask": _TICKS - 1, "keep": keep})
        return delayed_labels(
            [
                (age / DAY_SECONDS, delay / DAY_SECONDS, (value, sender))
                for age, delay, value, sender in cursor.fetchall()
            ]
        )


def _row(event_type: str, source: str, found: DelayComparison, *, now: datetime) -> LabelDelay:
    return LabelDelay(
        event_type=event_type,
        source=source,
        days=found.days,
        factor=found.factor,
        low=found.low,
        high=found.high,
        labels=found.labels,
        usual_labels=found.usual_labels,
        median=found.median,
        usual_median=found.usual_median,
        curve=found.curve,
        computed_at=now,
    )
