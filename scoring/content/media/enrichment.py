"""Enrich the events whose media are all processed by now: they are decided again, on what the media gave."""

import logging
from datetime import datetime

from django.db import connection

from scoring.content.media.attaching import enriched
from scoring.errors import ScoringError
from scoring.intake.amending.enrichment import enrich_event
from scoring.signals.telemetry import telemetry

logger = logging.getLogger(__name__)

MAX_EVENTS = 500  # in one run

_READY = """
    SELECT position, event_stream FROM scoring_awaitedmedia awaited
     WHERE NOT settled AND NOT EXISTS (
           SELECT 1 FROM jsonb_array_elements_text(awaited.media) media (id)
             JOIN scoring_mediaitem item ON item.id = media.id WHERE item.status = 'pending')
     ORDER BY position LIMIT %s
"""


def enrich_events(*, now: datetime) -> int:
    """Append the enriched versions of these events; returns how many. It may run twice at the same time."""
    count = 0
    for position, stream in _ready():
        try:
            count += enrich_event(stream, version=position, enrich=enriched, now=now)
        except ScoringError as error:  # its history is still being loaded, or its type is gone: others go on
            logger.warning("%s is not enriched yet: %s", stream, error)
    if count:
        telemetry.add("enriched", count=count)
    return count


def _ready() -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_READY, [MAX_EVENTS])
        return list(cursor.fetchall())
