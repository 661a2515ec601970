"""Counts of what moderators did: by policy and origin, with the time to action and the outcome of appeals."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from django.db import connection

from reviews.models import Case, EventReport
from reviews.statements.time_steps import TimeStep, median_of_steps
from reviews.work.consequences import granting_verdicts
from reviews.work.reason_codes import action_title, policy_titles
from reviews.work.verdict_rules import ALLOW, actions_of
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type, event_types

REPORTED, FOUND_BY_SOFTWARE, DUPLICATE, NO_POLICY = "reported", "review", "duplicate", ""
ORIGINS = {
    REPORTED: "reported by users",
    FOUND_BY_SOFTWARE: "found by software",
    "sample": "random sample",
    DUPLICATE: "near-duplicates of others",
}

# The verdicts of a span that stand; a case without one has no `decided_at`.
# Reported: a report came before the verdict.
_VERDICTS = f"""
    SELECT event_position, event_type, policies, action, strike,
           CASE WHEN EXISTS (SELECT 1 FROM {EventReport._meta.db_table} AS report
                              WHERE report.event_stream = decided.event_stream
                                AND report.received_at <= decided.decided_at)
                THEN %(reported)s ELSE why END AS origin,
           CASE WHEN why <> %(duplicate)s
                THEN date_part('epoch', decided_at - opened_at) END AS seconds
      FROM {Case._meta.db_table} AS decided
     WHERE state = ANY(%(standing)s) AND event_type = ANY(%(types)s)
       AND decided_at >= %(since)s AND decided_at < %(until)s
"""  # noqa: S608
# Times are counted in steps of 5 %; each step keeps the sum of its times.
_ACTIONS = f"""
    SELECT event_type, policies::text, origin, action, floor(ln(greatest(seconds, 1e-3)) / ln(1.05::float8)),
           count(*), count(*) FILTER (WHERE strike), count(seconds), sum(seconds)
      FROM ({_VERDICTS}) AS verdicts
     GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608
# An appeal counts for each policy of the verdict.
_APPEALS = f"""
    SELECT verdicts.event_type, coalesce(broken.policy, ''), origin, count(*),
           count(*) FILTER (WHERE appeal.state = %(decided)s
                              AND appeal.event_type || '/' || appeal.verdict = ANY(%(granting)s)),
           count(*) FILTER (WHERE appeal.state = %(decided)s),
           percentile_cont(0.5) WITHIN GROUP (
               ORDER BY extract(epoch FROM appeal.decided_at - appeal.opened_at)::float8)
               FILTER (WHERE appeal.state = %(decided)s)
      FROM {Case._meta.db_table} AS appeal
      JOIN ({_VERDICTS}) AS verdicts ON verdicts.event_position = appeal.about
      LEFT JOIN LATERAL jsonb_object_keys(verdicts.policies) AS broken (policy) ON true
     WHERE appeal.why = %(appeal)s AND appeal.about IS NOT NULL
     GROUP BY 1, 2, 3
"""  # noqa: S608


@dataclass(slots=True)
class Figures:
    """The verdicts on events of a type for one policy ("" for none) and origin.

    `actions`: how many by action. `time_to_action`: the median from the opening of the case to the verdict,
    within 5 %, without those cases that a verdict on a near-duplicate opened; `time_to_appeal_decision`: that
    from the opening of an appeal's case to its verdict. None without any.
    """

    event_type: str
    policy: str
    origin: str
    verdicts: int = 0
    actions: dict[str, int] = field(default_factory=dict)
    strikes: int = 0
    time_to_action: timedelta | None = None
    appeals: int = 0
    granted: int = 0
    rejected: int = 0
    time_to_appeal_decision: timedelta | None = None


Key = tuple[str, str, str]  # event type, policy, origin


class _Counted(NamedTuple):
    """Verdicts that have these things in common. `timed`: how many have a time, in this `step`."""

    event_type: str
    policies: str
    origin: str
    action: str
    step: float
    verdicts: int
    strikes: int
    timed: int
    seconds: float


def moderation_figures(*, since: datetime, until: datetime) -> list[Figures]:
    """The verdicts on types with policies given from `since` to before `until`, in two queries.

    A verdict that names several policies counts for each. Types, policies and origins are in order of the
    catalog; combinations without a verdict are left out.
    """
    kinds = {name: kind for name, kind in event_types().items() if kind.policies}
    asked = _asked(kinds, since, until)
    found = _verdicts(asked)
    for *key, appeals, granted, decided, seconds in _rows(_APPEALS, asked):
        figures = found.setdefault((*key,), Figures(*key))  # of a verdict that was given meanwhile
        figures.appeals, figures.granted, figures.rejected = appeals, granted, decided - granted
        figures.time_to_appeal_decision = _duration(seconds)
    return [found[key] for key in _ordered(kinds) if key in found]


def _verdicts(asked: Mapping[str, Any]) -> dict[Key, Figures]:
    """The figures without appeals."""
    found: dict[Key, Figures] = {}
    times: dict[Key, list[TimeStep]] = defaultdict(list)
    for each in map(_Counted._make, _rows(_ACTIONS, asked)):
        for policy in orjson.loads(each.policies) or (NO_POLICY,):
            key = (each.event_type, policy, each.origin)
            figures = found.setdefault(key, Figures(*key))
            figures.verdicts += each.verdicts
            figures.strikes += each.strikes
            figures.actions[each.action] = figures.actions.get(each.action, 0) + each.verdicts
            if each.timed:
                times[key].append(TimeStep(each.step, each.timed, each.seconds))
    for key, steps in times.items():
        found[key].time_to_action = _duration(median_of_steps(steps))
    return found


def _asked(kinds: Mapping[str, type[EventType]], since: datetime, until: datetime) -> dict[str, Any]:
    """The parameters of both queries."""
    return {
        "types": list(kinds),
        "since": since,
        "until": until,
        "reported": REPORTED,
        "duplicate": Case.Why.DUPLICATE.value,
        "appeal": Case.Why.APPEAL.value,
        "decided": Case.State.DECIDED.value,
        "standing": [state.value for state in Case.MAY_HAVE_VERDICT],
        "granting": granting_verdicts(kinds.values()),
    }


def _rows(query: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def _duration(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _ordered(kinds: Mapping[str, type[EventType]]) -> Iterator[Key]:
    for name, kind in kinds.items():
        for policy in (*policy_titles(kind), NO_POLICY):
            for origin in ORIGINS:
                yield name, policy, origin


def action_words(event_type_name: str, actions: Mapping[str, int]) -> list[tuple[str, int]]:
    """How many decisions gave which action, in words, the most severe first."""
    kind = event_type(event_type_name)
    given = [name for name in (*actions_of(kind), ALLOW) if actions.get(name)]
    return [(action_title(kind, name), actions[name]) for name in given]
