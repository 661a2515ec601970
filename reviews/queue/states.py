"""How queues stand: open and claimed cases, ages, and what the SLA says of them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from reviews.models import Case

SOON = timedelta(hours=1)  # before the end of its SLA, a case is due soon

_STATES = f"""
SELECT event_type, queue, count(*), count(*) FILTER (WHERE state = 'claimed' AND lease_until > %(now)s),
       count(*) FILTER (WHERE snoozed_until > %(now)s), min(opened_at),
       count(*) FILTER (WHERE due_at <= %(now)s),
       count(*) FILTER (WHERE due_at > %(now)s AND due_at <= %(soon)s), min(due_at)
  FROM {Case._meta.db_table} WHERE state IN ('open', 'claimed') GROUP BY event_type, queue
"""  # noqa: S608


class QueueState(NamedTuple):
    """The pending cases of a queue. `breached`: their SLA has ended; `soon`: it ends within `SOON`."""

    pending: int = 0
    claimed: int = 0
    snoozed: int = 0
    oldest: datetime | None = None
    breached: int = 0
    soon: int = 0
    next_due: datetime | None = None


NOTHING_PENDING = QueueState()


def queue_states(*, now: datetime) -> Mapping[tuple[str, str], QueueState]:
    """The state of every queue with pending cases, by event type and queue ("" is the default one)."""
    with connection.cursor() as cursor:
        cursor.execute(_STATES, {"now": now, "soon": now + SOON})
        return {(event_type, queue): QueueState(*rest) for event_type, queue, *rest in cursor.fetchall()}
