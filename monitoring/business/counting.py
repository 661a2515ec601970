"""The figures of one day, read from decisions, labels and verdicts."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import Count, Q, Sum

from monitoring.business.figures import DayFigures, sum_figures
from reviews.models import Case
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category
from scoring.intake.label_sources import PEOPLE
from scoring.rules.rules.trial.sample import positions_since

ALL, NO_VALUE, OTHER = "", "(none)", "(other)"
MAX_SEGMENTS: Final = 20
DAY: Final = timedelta(days=1)

# First decisions by segment and outcome. The last label entry of an event has its effective label.
_DECIDED: Final = """
    WITH decided AS (
        SELECT decision.outcome, decision.propensity, coalesce(decision.stake, %(nominal)s) AS stake,
               receipt.stream,
               coalesce(left(receipt.data::json #>> ARRAY['fields', %(field)s], 64), '') AS segment
          FROM scoring_decision decision
          JOIN scoring_logentry receipt ON receipt.position = decision.event_position
          JOIN scoring_event event
            ON event.position = decision.event_position AND event.retracted_at IS NULL
         WHERE decision.position >= %(first)s AND decision.position < %(end)s
           AND decision.event_type = %(event_type)s AND decision.revision = 0
    ), judged AS (
        SELECT decided.*,
               coalesce(latest.effective = %(positive)s, false) AS fraud,
               coalesce(latest.effective = %(negative)s, false) AS good,
               outcome <> 'allow' AND EXISTS (
                   SELECT 1 FROM scoring_label verdict
                    WHERE verdict.event_stream = decided.stream AND verdict.source = %(people)s
                      AND verdict.value = %(positive)s) AS found
          FROM decided
          LEFT JOIN LATERAL (
               SELECT effective FROM scoring_label
                WHERE event_stream = decided.stream ORDER BY position DESC LIMIT 1) latest ON true
    )
    SELECT segment, outcome, count(*), sum(stake),
           count(*) FILTER (WHERE fraud), coalesce(sum(stake) FILTER (WHERE fraud), 0),
           count(*) FILTER (WHERE fraud AND found), coalesce(sum(stake) FILTER (WHERE fraud AND found), 0),
           count(*) FILTER (WHERE good), coalesce(sum(stake) FILTER (WHERE good), 0),
           count(propensity), coalesce(sum(1 / propensity), 0),
           count(propensity) FILTER (WHERE fraud), coalesce(sum(1 / propensity) FILTER (WHERE fraud), 0)
      FROM judged GROUP BY 1, 2
"""


class _Counted(NamedTuple):
    """The events of a segment that got one outcome."""

    segment: str
    outcome: str
    events: int
    stake: int
    fraud: int
    fraud_stake: int
    found: int
    found_stake: int
    good: int
    good_stake: int
    explored: int
    explored_weight: float
    explored_fraud: int
    explored_fraud_weight: float


def segment_field(kind: type[EventType]) -> str:
    """The category that divides an event type's figures: the first that models are sliced by, "" for none."""
    named = (name for name in kind.sliced_by if isinstance(kind.fields.get(name), Category))
    return next((name for name in named if not kind.fields[name].personal), "")


def count_day(kind: type[EventType], day: date) -> dict[str, DayFigures]:
    """The figures of the decisions made on a day, UTC, by segment; ALL is always there.

    Retracted events are left out, and an event without an amount counts with the type's nominal stake.
    """
    since = datetime.combine(day, datetime.min.time(), tzinfo=UTC)
    first, _ = positions_since(since)
    end, last = positions_since(since + DAY)
    rows = _read(kind, first=first, end=min(end, last + 1))
    by_segment: dict[str, list[DayFigures]] = defaultdict(list)
    for row in rows:
        by_segment[row.segment or NO_VALUE].append(_figures_of(row))
    found = {segment: sum_figures(each) for segment, each in by_segment.items()}
    verdicts = _verdicts_of(kind, since=since)
    every = sum_figures([*found.values(), verdicts])
    return {ALL: every, **(_largest(found) if segment_field(kind) else {})}


def _read(kind: type[EventType], *, first: int, end: int) -> list[_Counted]:
    with connection.cursor() as cursor:
        cursor.execute(
            _DECIDED,
            {
                "nominal": kind.nominal_stake,
                "field": segment_field(kind),
                "first": first,
                "end": end,
                "event_type": kind.name,
                "positive": kind.labels.positive,
                "negative": kind.labels.negative,
                "people": PEOPLE,
            },
        )
        return [_Counted(*map(_plain, row)) for row in cursor.fetchall()]


def _plain(value: Any) -> Any:
    """PostgreSQL sums whole numbers to decimals."""
    return int(value) if isinstance(value, Decimal) else value


def _figures_of(row: _Counted) -> DayFigures:
    blocked, allowed = row.outcome == "block", row.outcome == "allow"
    stopped, stopped_stake = (row.fraud, row.fraud_stake) if blocked else (row.found, row.found_stake)
    labeled, labeled_stake = row.fraud + row.good, row.fraud_stake + row.good_stake
    return DayFigures(
        decided=row.events,
        stake=row.stake,
        allowed=row.events if allowed else 0,
        allowed_stake=row.stake if allowed else 0,
        reviewed=0 if allowed or blocked else row.events,
        blocked=row.events if blocked else 0,
        blocked_stake=row.stake if blocked else 0,
        fraud_through=row.fraud - stopped,
        fraud_through_stake=row.fraud_stake - stopped_stake,
        fraud_stopped=stopped,
        fraud_stopped_stake=stopped_stake,
        fraud_blocked=row.fraud if blocked else 0,
        blocked_good=row.good if blocked else 0,
        blocked_good_stake=row.good_stake if blocked else 0,
        blocked_unknown=row.events - labeled if blocked else 0,
        blocked_unknown_stake=row.stake - labeled_stake if blocked else 0,
        explored=row.explored,
        explored_weight=row.explored_weight,
        explored_fraud=row.explored_fraud,
        explored_fraud_weight=row.explored_fraud_weight,
    )


def _largest(found: dict[str, DayFigures]) -> dict[str, DayFigures]:
    """The segments with the most events; all others together are OTHER."""
    ordered = sorted(found, key=lambda segment: (-found[segment].decided, segment))
    kept = {segment: found[segment] for segment in ordered[:MAX_SEGMENTS]}
    rest: Iterable[DayFigures] = [found[segment] for segment in ordered[MAX_SEGMENTS:]]
    return kept | ({OTHER: sum_figures(rest)} if len(found) > MAX_SEGMENTS else {})


def _verdicts_of(kind: type[EventType], *, since: datetime) -> DayFigures:
    """The verdicts that reviewers gave on a day."""
    given = Case.objects.filter(
        event_type=kind.name, state=Case.State.DECIDED, decided_at__gte=since, decided_at__lt=since + DAY
    )
    positive = Q(verdict=kind.labels.positive)
    found = given.aggregate(
        verdicts=Count("pk"), fraud=Count("pk", filter=positive), stake=Sum("stake", filter=positive)
    )
    return DayFigures(
        verdicts=found["verdicts"],
        verdicts_fraud=found["fraud"],
        verdicts_fraud_stake=int(found["stake"] or 0),
    )
