"""Counts of what software decided without a person, with the time to action and the outcome of appeals."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import connection

from reviews.models import AutomatedAction, AutomatedSum, Case
from reviews.work.consequences import granting_verdicts
from reviews.work.reason_codes import policy_titles
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_types

NO_POLICY = ""
OWN_INITIATIVE, REPORTED = "own_initiative", "reported"
DECIDERS = ("model", "rule", "bank", "list", "policy")

# The two restrictions in the middle are in the buckets `lower` and `upper`; a bucket's time is its mean.
_ACTIONS = f"""
    WITH summed AS (
        SELECT event_type, policy, decided_by, reported, action, bucket,
               sum(restrictions) AS number, sum(microseconds) AS took
          FROM {AutomatedSum._meta.db_table}
         WHERE event_type = ANY(%s) AND day >= %s AND day < %s AND restrictions <> 0
         GROUP BY 1, 2, 3, 4, 5, 6),
    ranked AS (
        SELECT event_type, policy, decided_by, reported, action, number, took / number AS mean,
               sum(number) OVER (alike ORDER BY bucket) AS upto, sum(number) OVER alike AS total
          FROM summed
        WINDOW alike AS (PARTITION BY event_type, policy, decided_by, reported, action))
    SELECT event_type, policy, decided_by, reported, action, total::bigint,
           ((max(mean) FILTER (WHERE upto - number < div(total + 1, 2) AND upto >= div(total + 1, 2))
             + max(mean) FILTER (WHERE upto - number < div(total, 2) + 1 AND upto >= div(total, 2) + 1)
            ) / 2)::float8
      FROM ranked
     GROUP BY 1, 2, 3, 4, 5, 6
"""  # noqa: S608
# An appeal counts for each policy of the restriction. Times are in seconds.
_APPEALS = f"""
    SELECT acted.event_type, coalesce(broken.policy, ''), acted.decided_by, acted.reported, count(*),
           count(*) FILTER (WHERE appeal.state = %s AND appeal.event_type || '/' || appeal.verdict = ANY(%s)),
           count(*) FILTER (WHERE appeal.state = %s),
           percentile_cont(0.5) WITHIN GROUP (
               ORDER BY extract(epoch FROM appeal.decided_at - appeal.opened_at)::float8)
               FILTER (WHERE appeal.state = %s AND appeal.decided_at IS NOT NULL)
      FROM {Case._meta.db_table} AS appeal
      JOIN {AutomatedAction._meta.db_table} AS acted ON acted.event_position = appeal.about
      LEFT JOIN LATERAL jsonb_array_elements_text(acted.policies) AS broken (policy) ON true
     WHERE appeal.why = %s AND appeal.about IS NOT NULL
       AND acted.event_type = ANY(%s) AND acted.decided_at >= %s AND acted.decided_at < %s
     GROUP BY 1, 2, 3, 4
"""  # noqa: S608


@dataclass(slots=True)
class AutomatedFigures:
    """The restrictions by software of a type for one policy ("" for none), decider and origin.

    `actions`: how many by action; `times`: the median time from receipt to each action, within 5%.
    `time_to_appeal_decision`: the median from the opening of an appeal's case to its verdict; None without
    one.
    """

    event_type: str
    policy: str
    decided_by: str
    origin: str
    actions: dict[str, int] = field(default_factory=dict)
    times: dict[str, timedelta] = field(default_factory=dict)
    appeals: int = 0
    granted: int = 0
    rejected: int = 0
    time_to_appeal_decision: timedelta | None = None

    @property
    def decisions(self) -> int:
        return sum(self.actions.values())

    @property
    def pending(self) -> int:
        return self.appeals - self.granted - self.rejected


def automated_figures(*, since: datetime, until: datetime) -> list[AutomatedFigures]:
    """The restrictions by software on types with policies from `since` to before `until`, in two queries.

    Both are the start of a day in UTC, or else ValueError. Types and policies are in order of the catalog;
    combinations without a decision are left out.
    """
    if any(at.astimezone(UTC).time() != time() for at in (since, until)):
        raise ValueError(f"{since} and {until} must both be the start of a day in UTC")
    kinds = {name: kind for name, kind in event_types().items() if kind.policies}
    found: dict[tuple[str, str, str, str], AutomatedFigures] = {}
    for *named, action, count, microseconds in _actions(kinds, since, until):
        key = _key_of(*named)
        figures = found.setdefault(key, AutomatedFigures(*key))
        figures.actions[action] = count
        figures.times[action] = timedelta(microseconds=microseconds)
    for *named, filed, granted, decided, seconds in _appeals(kinds, since, until):
        key = _key_of(*named)
        figures = found.setdefault(key, AutomatedFigures(*key))
        figures.appeals, figures.granted, figures.rejected = filed, granted, decided - granted
        figures.time_to_appeal_decision = None if seconds is None else timedelta(seconds=seconds)
    order = {key: place for place, key in enumerate(_ordered(kinds))}
    return sorted(found.values(), key=lambda each: order.get(_key(each), len(order)))


def _actions(kinds: Mapping[str, type[EventType]], since: datetime, until: datetime) -> list[tuple[Any, ...]]:
    days = [at.astimezone(UTC).date() for at in (since, until)]
    return _rows(_ACTIONS, [list(kinds), *days])


def _appeals(kinds: Mapping[str, type[EventType]], since: datetime, until: datetime) -> list[tuple[Any, ...]]:
    granted = granting_verdicts(kinds.values())
    decided = Case.State.DECIDED.value
    return _rows(
        _APPEALS, [decided, granted, decided, decided, Case.Why.APPEAL.value, list(kinds), since, until]
    )


def _rows(query: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def _key_of(event_type: str, policy: str, decided_by: str, reported: bool) -> tuple[str, str, str, str]:
    return event_type, policy, decided_by, REPORTED if reported else OWN_INITIATIVE


def _key(figures: AutomatedFigures) -> tuple[str, str, str, str]:
    return figures.event_type, figures.policy, figures.decided_by, figures.origin


def _ordered(kinds: Mapping[str, type[EventType]]) -> Iterator[tuple[str, str, str, str]]:
    for name, kind in kinds.items():
        for policy in (*policy_titles(kind), NO_POLICY):
            for decider in DECIDERS:
                for origin in (OWN_INITIATIVE, REPORTED):
                    yield name, policy, decider, origin
