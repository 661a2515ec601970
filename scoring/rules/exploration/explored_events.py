"""The events that exploration let through, with their labels."""

from datetime import datetime, timedelta

from django.db import connection

from scoring.catalog.registry import event_type as find_event_type
from scoring.rules.exploration.learned import ExplorationResults, ExploredEvent, summarize
from scoring.rules.exploration.spending import money_at_risk

LOOK_BACK = timedelta(days=180)
MAX_EVENTS = 10_000  # the newest

_EXPLORED = """
    WITH newest AS (
        SELECT * FROM scoring_decision
         WHERE propensity IS NOT NULL AND event_type = %s AND decided_at >= %s
         ORDER BY decided_at DESC LIMIT %s),
    explored AS (SELECT DISTINCT ON (event_position) * FROM newest ORDER BY event_position, revision DESC)
    SELECT explored.stake, explored.propensity, event.occurred_at, label.effective
      FROM explored
      JOIN scoring_event event ON event.position = explored.event_position
      LEFT JOIN LATERAL (
           SELECT effective FROM scoring_label
            WHERE event_stream = event.type || '/' || event.source || '/' || event.external_id
            ORDER BY position DESC LIMIT 1) label ON true
     WHERE event.retracted_at IS NULL
"""


def read_results(event_type: str, *, now: datetime) -> ExplorationResults:
    """The results of the last LOOK_BACK, of at most MAX_EVENTS events. Retracted events do not count."""
    with connection.cursor() as cursor:
        cursor.execute(_EXPLORED, [event_type, now - LOOK_BACK, MAX_EVENTS])
        events = [
            ExploredEvent(money_at_risk(event_type, stake), propensity, occurred_at, label)
            for stake, propensity, occurred_at, label in cursor.fetchall()
        ]
    return summarize(events, kind=find_event_type(event_type), now=now)
