"""The decisions of an hour, counted by segment; and what the labels of some of them say.

A decision never changes, but labels arrive for weeks. So an hour is counted once as if no event had a label,
and of its labeled events, which are few, the difference that labels make is counted whenever they change.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.db import connection

from monitoring.business.figures import DayFigures, sum_figures
from monitoring.business.segment_sql import segment_sql
from monitoring.business.segments import ALL, OTHER
from monitoring.segment_conditions import NO_VALUE
from scoring.catalog.event_type import EventType
from scoring.intake.label_sources import PEOPLE
from scoring.rules.rules.trial.sample import positions_since

MAX_SEGMENTS: Final = 20  # of a field in a day
MAX_SEGMENTS_AN_HOUR: Final = 60
HOUR: Final = timedelta(hours=1)

Segments = dict[str, DayFigures]
Counted = dict[str, Segments]  # figures by field and segment; those of all events are at [ALL][ALL]

_MODELS: Final = """
    SELECT DISTINCT model FROM scoring_decision
     WHERE position >= %(first)s AND position < %(end)s AND event_type = %(event_type)s AND revision = 0
"""
_FIRST_DECISIONS: Final = """
          FROM scoring_decision decision
          JOIN scoring_logentry receipt ON receipt.position = decision.event_position
          JOIN scoring_event submitted
            ON submitted.position = decision.event_position AND submitted.retracted_at IS NULL
          {joins}
         WHERE decision.position >= %(first)s AND decision.position < %(end)s
           AND decision.event_type = %(event_type)s AND decision.revision = 0
"""
_DECIDED: Final = f"""
    WITH decided AS (
        SELECT decision.outcome, decision.propensity, coalesce(decision.stake, %(nominal)s) AS stake,
               ARRAY[{{values}}]::text[] AS segments
          {_FIRST_DECISIONS}
    )
    SELECT divided.field, divided.segment, outcome, count(*), sum(stake),
           count(propensity), coalesce(sum(1 / propensity), 0)
      FROM decided CROSS JOIN LATERAL unnest(%(fields)s::text[], segments) AS divided (field, segment)
     GROUP BY 1, 2, 3
"""  # noqa: S608
_HAS_LABEL: Final = """
    SELECT decision.event_position
      FROM scoring_decision decision
      JOIN scoring_event submitted ON submitted.position = decision.event_position
     WHERE decision.position >= %(first)s AND decision.position < %(end)s
       AND decision.event_type = %(event_type)s AND decision.revision = 0
       AND EXISTS (SELECT 1 FROM scoring_label
                    WHERE event_stream =
                          submitted.type || '/' || submitted.source || '/' || submitted.external_id)
"""
# The last label entry of an event has its effective label.
_LABELED: Final = f"""
    WITH decided AS (
        SELECT decision.outcome, decision.propensity, coalesce(decision.stake, %(nominal)s) AS stake,
               receipt.stream, ARRAY[{{values}}]::text[] AS segments
          {_FIRST_DECISIONS}
           AND decision.event_position = ANY(%(labeled)s)
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
    SELECT divided.field, divided.segment, outcome,
           count(*) FILTER (WHERE fraud), coalesce(sum(stake) FILTER (WHERE fraud), 0),
           count(*) FILTER (WHERE fraud AND found), coalesce(sum(stake) FILTER (WHERE fraud AND found), 0),
           count(*) FILTER (WHERE good), coalesce(sum(stake) FILTER (WHERE good), 0),
           count(propensity) FILTER (WHERE fraud), coalesce(sum(1 / propensity) FILTER (WHERE fraud), 0)
      FROM judged CROSS JOIN LATERAL unnest(%(fields)s::text[], segments) AS divided (field, segment)
     GROUP BY 1, 2, 3
"""  # noqa: S608


class _Decided(NamedTuple):
    """The events of a segment that got one outcome."""

    field: str
    segment: str
    outcome: str
    events: int
    stake: int
    explored: int
    explored_weight: float


class _Labeled(NamedTuple):
    """What labels say of the events of a segment that got one outcome."""

    field: str
    segment: str
    outcome: str
    fraud: int
    fraud_stake: int
    found: int
    found_stake: int
    good: int
    good_stake: int
    explored_fraud: int
    explored_fraud_weight: float


@dataclass(frozen=True, slots=True)
class HourCount:
    """The figures of an hour as if no event had a label, and the positions of the events that have one."""

    figures: Counted
    labeled: list[int]


def count_hour(kind: type[EventType], start: datetime) -> HourCount:
    """The decisions recorded in an hour, by field and segment; empty without decisions.

    Retracted events are left out, and an event without an amount counts with the type's nominal stake.
    """
    rows, labeled = _read(kind, start, _DECIDED), _read(kind, start, _HAS_LABEL)
    groups = [_Decided(*map(plain, row)) for row in rows]
    counted = sum_counted({each.field: {_name(each): _figures_of(each)}} for each in groups)
    figures = {field: largest(segments, MAX_SEGMENTS_AN_HOUR) for field, segments in counted.items()}
    return HourCount(figures, sorted(position for (position,) in labeled))


def count_labels(
    kind: type[EventType], start: datetime, labeled: Sequence[int], *, figures: Counted
) -> Counted:
    """What labels change about the figures of an hour: to be added to them.

    `labeled`: positions of events, among them all of the hour that have a label.
    """
    rows = _read(kind, start, _LABELED, labeled=list(labeled)) if labeled else []
    groups = [_Labeled(*map(plain, row)) for row in rows]
    return sum_counted(
        {each.field: {_kept(_name(each), figures.get(each.field, {})): _difference(each)}} for each in groups
    )


def _name(group: _Decided | _Labeled) -> str:
    return group.segment or (NO_VALUE if group.field else ALL)


def _kept(name: str, segments: Segments) -> str:
    """The segment with which these events were counted."""
    return name if name in segments else OTHER


def _read(kind: type[EventType], start: datetime, statement: str, **parameters: Any) -> list[Any]:
    """The rows of a statement about the decisions of an hour."""
    first, _ = positions_since(start.astimezone(UTC))
    end, last = positions_since(start + HOUR)
    if first >= min(end, last + 1):
        return []
    asked: dict[str, Any] = {"first": first, "end": min(end, last + 1), "event_type": kind.name}
    with connection.cursor() as cursor:
        cursor.execute(_MODELS, asked)
        segments = segment_sql(kind, [model for (model,) in cursor.fetchall()])
        asked |= {
            **segments.parameters,
            **parameters,
            "fields": list(segments.fields),
            "nominal": kind.nominal_stake,
            "positive": kind.labels.positive,
            "negative": kind.labels.negative,
            "people": PEOPLE,
        }
        cursor.execute(statement.format(values=segments.values, joins=segments.joins), asked)
        return list(cursor.fetchall())


def plain(value: Any) -> Any:
    """The value as an int where PostgreSQL summed whole numbers to a decimal."""
    return int(value) if isinstance(value, Decimal) else value


def _figures_of(row: _Decided) -> DayFigures:
    blocked, allowed = row.outcome == "block", row.outcome == "allow"
    return DayFigures(
        decided=row.events,
        stake=row.stake,
        allowed=row.events if allowed else 0,
        allowed_stake=row.stake if allowed else 0,
        reviewed=0 if allowed or blocked else row.events,
        blocked=row.events if blocked else 0,
        blocked_stake=row.stake if blocked else 0,
        blocked_unknown=row.events if blocked else 0,
        blocked_unknown_stake=row.stake if blocked else 0,
        explored=row.explored,
        explored_weight=row.explored_weight,
    )


def _difference(row: _Labeled) -> DayFigures:
    blocked = row.outcome == "block"
    stopped, stopped_stake = (row.fraud, row.fraud_stake) if blocked else (row.found, row.found_stake)
    return DayFigures(
        fraud_through=row.fraud - stopped,
        fraud_through_stake=row.fraud_stake - stopped_stake,
        fraud_stopped=stopped,
        fraud_stopped_stake=stopped_stake,
        fraud_blocked=row.fraud if blocked else 0,
        blocked_good=row.good if blocked else 0,
        blocked_good_stake=row.good_stake if blocked else 0,
        blocked_unknown=-(row.fraud + row.good) if blocked else 0,
        blocked_unknown_stake=-(row.fraud_stake + row.good_stake) if blocked else 0,
        explored_fraud=row.explored_fraud,
        explored_fraud_weight=row.explored_fraud_weight,
    )


def largest(segments: Segments, limit: int) -> Segments:
    """The `limit` segments with the most events; all others together are OTHER."""
    ordered = sorted(
        (name for name in segments if name != OTHER), key=lambda name: (-segments[name].decided, name)
    )
    kept = {name: segments[name] for name in ordered[:limit]}
    rest = [segments[name] for name in [*ordered[limit:], *([OTHER] if OTHER in segments else [])]]
    return kept | ({OTHER: sum_figures(rest)} if rest else {})


def sum_counted(parts: Iterable[Counted]) -> Counted:
    """The figures of several hours, or other parts, by field and segment."""
    found: dict[str, dict[str, list[DayFigures]]] = defaultdict(lambda: defaultdict(list))
    for part in parts:
        for field, segments in part.items():
            for name, figures in segments.items():
                found[field][name].append(figures)
    return {
        field: {name: sum_figures(each) for name, each in segments.items()}
        for field, segments in found.items()
    }
