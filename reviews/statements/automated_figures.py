"""Counts of what software decided without a person, with the time to action and the outcome of appeals."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import orjson
from django.db import connection

from reviews.models import AutomatedAction, Case
from reviews.work.reason_codes import policy_titles
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_types

NO_POLICY = ""
OWN_INITIATIVE, REPORTED = "own_initiative", "reported"
DECIDERS = ("model", "rule", "bank", "list", "policy")

# An action that names several policies counts for each. Times are medians in seconds.
_FIGURES = f"""
    WITH acted AS (
        SELECT event_position, event_type, decided_by, reported, action,
               extract(epoch FROM decided_at - received_at)::float8 AS took, policies
          FROM {AutomatedAction._meta.db_table}
         WHERE event_type = ANY(%s) AND decided_at >= %s AND decided_at < %s),
    appeals AS (
        SELECT about, count(*) AS filed,
               count(*) FILTER (WHERE state = %s AND event_type || '/' || verdict = ANY(%s)) AS granted,
               count(*) FILTER (WHERE state = %s) AS decided,
               jsonb_agg(extract(epoch FROM decided_at - opened_at)::float8)
                   FILTER (WHERE state = %s AND decided_at IS NOT NULL) AS took
          FROM {Case._meta.db_table}
         WHERE why = %s AND about IN (SELECT event_position FROM acted)
         GROUP BY about)
    SELECT acted.event_type, coalesce(broken.policy, ''), acted.decided_by, acted.reported, acted.action,
           count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY acted.took),
           coalesce(sum(appeals.filed), 0), coalesce(sum(appeals.granted), 0),
           coalesce(sum(appeals.decided), 0),
           (jsonb_agg(appeals.took) FILTER (WHERE appeals.took IS NOT NULL))::text
      FROM acted
      LEFT JOIN LATERAL jsonb_array_elements_text(acted.policies) AS broken (policy) ON true
      LEFT JOIN appeals ON appeals.about = acted.event_position
     GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608


@dataclass(slots=True)
class AutomatedFigures:
    """The restrictions by software of a type for one policy ("" for none), decider and origin.

    `actions`: how many by action; `times`: the median time from receipt to each action; `appeal_times`: in
    seconds, from the opening of an appeal's case to its verdict.
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
    appeal_times: list[float] = field(default_factory=list)

    @property
    def time_to_appeal_decision(self) -> timedelta | None:
        """The median from the opening of an appeal's case to its verdict; None without one."""
        return timedelta(seconds=median(self.appeal_times)) if self.appeal_times else None

    @property
    def decisions(self) -> int:
        return sum(self.actions.values())

    @property
    def pending(self) -> int:
        return self.appeals - self.granted - self.rejected


def automated_figures(*, since: datetime, until: datetime) -> list[AutomatedFigures]:
    """The restrictions by software on types with policies from `since` to before `until`, in one query.

    Types and policies are in order of the catalog; combinations without a decision are left out.
    """
    kinds = {name: kind for name, kind in event_types().items() if kind.policies}
    found: dict[tuple[str, str, str, str], AutomatedFigures] = {}
    for event_type, policy, decided_by, reported, *counted in _counts(kinds, since, until):
        key = (event_type, policy, decided_by, REPORTED if reported else OWN_INITIATIVE)
        _add(found.setdefault(key, AutomatedFigures(*key)), counted)
    order = {key: place for place, key in enumerate(_ordered(kinds))}
    return sorted(found.values(), key=lambda each: order.get(_key(each), len(order)))


def _counts(kinds: Mapping[str, type[EventType]], since: datetime, until: datetime) -> list[tuple[Any, ...]]:
    granted = [
        f"{kind.appeals}/{event_types()[kind.appeals].labels.positive}"
        for kind in kinds.values()
        if kind.appeals
    ]
    decided = Case.State.DECIDED.value
    values: list[Any] = [list(kinds), since, until, decided, granted, decided, decided, Case.Why.APPEAL.value]
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, values)
        return list(cursor.fetchall())


def _add(figures: AutomatedFigures, counted: list[Any]) -> None:
    action, count, seconds, filed, granted, decided, appeal_times = counted
    figures.actions[action] = count
    figures.times[action] = timedelta(seconds=seconds)
    figures.appeals += int(filed)
    figures.granted += int(granted)
    figures.rejected += int(decided) - int(granted)
    figures.appeal_times += [each for of_event in orjson.loads(appeal_times or "[]") for each in of_event]


def _key(figures: AutomatedFigures) -> tuple[str, str, str, str]:
    return figures.event_type, figures.policy, figures.decided_by, figures.origin


def _ordered(kinds: Mapping[str, type[EventType]]) -> Iterator[tuple[str, str, str, str]]:
    for name, kind in kinds.items():
        for policy in (*policy_titles(kind), NO_POLICY):
            for decider in DECIDERS:
                for origin in (OWN_INITIATIVE, REPORTED):
                    yield name, policy, decider, origin
