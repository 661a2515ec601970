"""The first stage: candidates for the next case, some of each queue and source, by index."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from reviews.models import Case, CaseQuerySet
from reviews.queue.ranking import expected_loss
from scoring.catalog.currency import EXPONENTS
from scoring.catalog.registry import event_type

PER_SOURCE = 40  # cases of each source of a queue that later stages see, by their stored rank
PER_QUEUE_DUE = 20  # and those of a queue whose SLA ends first

_COLUMNS = (
    *("event_position", "event_type", "queue", "why", "score", "stake", "currency", "expected_loss"),
    *("opened_at", "due_at", "shared_entities", "linked_loss", "refreshed__score"),
)
_FREE = f"""
    state IN ('open', 'claimed') AND (state <> 'claimed' OR lease_until <= %(now)s)
    AND (snoozed_until IS NULL OR snoozed_until <= %(now)s) AND assigned_to = ''
    AND escalated_at IS NULL AND proposed_at IS NULL
    AND (joined_to IS NULL OR NOT EXISTS (
         SELECT 1 FROM {Case._meta.db_table} AS lead
          WHERE lead.event_position = candidate.joined_to AND lead.state IN ('open', 'claimed')))
"""  # noqa: S608
_BY_SOURCE = f"""
SELECT found.event_position
  FROM unnest(%(queues)s::text[]) AS asked (queue) CROSS JOIN unnest(%(sources)s::text[]) AS source (why)
 CROSS JOIN LATERAL (
       SELECT event_position FROM {Case._meta.db_table} AS candidate
        WHERE queue = asked.queue AND why = source.why AND {_FREE}
        ORDER BY rank DESC LIMIT %(per_source)s) AS found
 UNION ALL
SELECT found.event_position
  FROM unnest(%(queues)s::text[]) AS asked (queue)
 CROSS JOIN LATERAL (
       SELECT event_position FROM {Case._meta.db_table} AS candidate
        WHERE queue = asked.queue AND due_at IS NOT NULL AND {_FREE}
        ORDER BY due_at LIMIT %(per_due)s) AS found
"""  # noqa: S608


class Candidate(NamedTuple):
    """A case as ranking sees it. `score`: by the latest champion that scored it, None without one.

    `loss`: the expected loss in whole units of its currency, by that score, with that of cases that
    joined it. `linked`: keys of entities.
    """

    position: int
    queue: str
    why: str
    score: float | None
    loss: float
    opened_at: datetime
    due_at: datetime | None
    linked: frozenset[int]


def retrieve(free: CaseQuerySet, queues: Sequence[str], *, now: datetime) -> list[Candidate]:
    """Candidates of these queues among cases that are free at `now`: two queries.

    Escalated cases and those assigned to one reviewer are no candidates: they come before all others.
    """
    rows = free.filter(pk__in=_positions(queues, now=now)).order_by("pk").values(*_COLUMNS)
    return [_candidate(row) for row in rows]


def _positions(queues: Sequence[str], *, now: datetime) -> list[int]:
    asked: dict[str, Any] = {
        "queues": list(queues),
        "sources": list(Case.Why.values),
        "now": now,
        "per_source": PER_SOURCE,
        "per_due": PER_QUEUE_DUE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BY_SOURCE, asked)
        return [position for (position,) in cursor.fetchall()]


def _candidate(row: Mapping[str, Any]) -> Candidate:
    score, loss = row["score"], row["expected_loss"]
    if row["refreshed__score"] is not None:
        score = row["refreshed__score"]
        nominal = event_type(row["event_type"]).nominal_stake
        loss = expected_loss(score=score, stake=nominal if row["stake"] is None else row["stake"])
    return Candidate(
        position=row["event_position"],
        queue=row["queue"],
        why=row["why"],
        score=score,
        loss=(loss + row["linked_loss"]) / 10 ** EXPONENTS[row["currency"]],
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        linked=frozenset(row["shared_entities"]),
    )
