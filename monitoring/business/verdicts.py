"""The verdicts that reviewers gave on a day, by segment, and the time that they took."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.db import connection

from monitoring.business.counting import Counted, plain
from monitoring.business.figures import DayFigures
from monitoring.business.segment_sql import segment_sql
from monitoring.business.segments import ALL
from monitoring.segment_conditions import NO_VALUE
from reviews.models.cases import Case
from reviews.models.quality import GivenVerdict
from scoring.catalog.event_type import EventType

MAX_SECONDS: Final = 1_800  # that a verdict counts; a case that stays claimed over lunch is not looked at

# A verdict on a group of cases has no claim, so it says nothing about time. Second reviews and golden items
# cost time, and find nothing new.
_GIVEN: Final = f"""
    WITH given AS (
        SELECT given.kind = 'first' AS first, given.verdict = %(positive)s AS fraud,
               coalesce(reviewed.stake, %(nominal)s) AS stake, given.claimed_at IS NOT NULL AS timed,
               least(extract(epoch FROM given.given_at - given.claimed_at), %(longest)s)::float8 AS seconds,
               ARRAY[{{values}}]::text[] AS segments
          FROM {GivenVerdict._meta.db_table} given
          JOIN {Case._meta.db_table} reviewed USING (event_position)
          JOIN scoring_logentry receipt ON receipt.position = given.event_position
          JOIN scoring_event submitted ON submitted.position = given.event_position
          LEFT JOIN scoring_decision decision
            ON decision.event_position = given.event_position AND decision.revision = 0
          {{joins}}
         WHERE given.event_type = %(event_type)s AND NOT given.undone
           AND given.given_at >= %(since)s AND given.given_at < %(until)s
    )
    SELECT divided.field, divided.segment, count(*) FILTER (WHERE first),
           count(*) FILTER (WHERE first AND fraud), coalesce(sum(stake) FILTER (WHERE first AND fraud), 0),
           coalesce(sum(stake) FILTER (WHERE first AND fraud AND timed), 0), count(*) FILTER (WHERE timed),
           coalesce(sum(seconds) FILTER (WHERE timed), 0)
      FROM given CROSS JOIN LATERAL unnest(%(fields)s::text[], segments) AS divided (field, segment)
     GROUP BY 1, 2
"""  # noqa: S608
_MODELS: Final = f"""
    SELECT DISTINCT decision.model FROM {GivenVerdict._meta.db_table} given
      JOIN scoring_decision decision
        ON decision.event_position = given.event_position AND decision.revision = 0
     WHERE given.event_type = %(event_type)s
       AND given.given_at >= %(since)s AND given.given_at < %(until)s
"""  # noqa: S608


def count_verdicts(kind: type[EventType], day: date) -> Counted:
    """The verdicts of a day, UTC, as figures by field and segment; undone ones are left out."""
    since = datetime.combine(day, datetime.min.time(), tzinfo=UTC)
    asked: dict[str, Any] = {"event_type": kind.name, "since": since, "until": since + timedelta(days=1)}
    found: Counted = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_MODELS, asked)
        segments = segment_sql(kind, [model for (model,) in cursor.fetchall()])
        asked |= {
            **segments.parameters,
            "fields": list(segments.fields),
            "nominal": kind.nominal_stake,
            "positive": kind.labels.positive,
            "longest": MAX_SECONDS,
        }
        cursor.execute(_GIVEN.format(values=segments.values, joins=segments.joins), asked)
        for field, segment, *counts in cursor.fetchall():
            name = segment or (NO_VALUE if field else ALL)
            found[field][name] = DayFigures(**dict(zip(COLUMNS, map(plain, counts), strict=True)))
    return dict(found)


COLUMNS: Final = (
    *("verdicts", "verdicts_fraud", "verdicts_fraud_stake"),
    *("timed_fraud_stake", "timed_verdicts", "review_seconds"),
)
