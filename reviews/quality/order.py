"""How well queues are ordered: NDCG by the losses that mature labels revealed.

The cases of a queue that were opened on one day are put in the order of their stored rank, and compared with
the best order: by the loss that was at stake in those that turned out positive.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection

from reviews.models import Case
from scoring.catalog.currency import EXPONENTS
from scoring.catalog.registry import event_types, scored_types
from scoring.intake.models import Label

SPAN: Final = timedelta(days=30)  # of openings, the latest ones whose labels are mature
MAX_CASES = 20_000  # of an event type, the latest ones

_CASES = f"""
SELECT opened.queue, opened.opened_at::date, opened.rank, opened.loss,
       coalesce(label.effective = %(positive)s, false)
  FROM (SELECT event_stream, queue, opened_at, rank, coalesce(stake, %(nominal)s) AS loss
          FROM {Case._meta.db_table}
         WHERE event_type = %(type)s AND opened_at >= %(since)s AND opened_at < %(until)s
         ORDER BY event_position DESC LIMIT %(limit)s) AS opened
  LEFT JOIN LATERAL (
       SELECT effective FROM {Label._meta.db_table}
        WHERE event_stream = opened.event_stream ORDER BY position DESC LIMIT 1) AS label ON true
"""  # noqa: S608


class RankedLoss(NamedTuple):
    """A case as ordered: its queue, the day on which it opened, its rank and the loss it revealed."""

    queue: str
    day: date
    rank: float
    loss: float


class QueueOrder(NamedTuple):
    """The mean NDCG of a queue's days on which a loss was revealed; None without such a day."""

    event_type: str
    queue: str
    ndcg: float | None
    days: int
    cases: int
    positives: int


def measure_orders(*, now: datetime) -> list[QueueOrder]:
    """The order of every queue with mature cases, by event type and queue; one query an event type."""
    return [order for name in scored_types() for order in _orders(name, now=now)]


def ndcg(gains: Sequence[float]) -> float | None:
    """Normalized discounted cumulative gain of gains in the order given; None if none is positive.

    DCG = sum of gain / log2(place + 1), places from 1; divided by that of the best order (Jarvelin and
    Kekalainen, 2002).

    >>> ndcg([3, 2, 1]), ndcg([0, 0])
    (1.0, None)
    """
    best = _dcg(sorted(gains, reverse=True))
    return _dcg(gains) / best if best > 0 else None


def orders_of(event_type: str, cases: Iterable[RankedLoss]) -> list[QueueOrder]:
    """The order of each queue among these cases. The gain of a case is log2(1 + loss), as in its rank."""
    by_queue: dict[str, list[RankedLoss]] = defaultdict(list)
    for case in cases:
        by_queue[case.queue].append(case)
    return [
        QueueOrder(
            event_type,
            queue,
            sum(daily) / len(daily) if (daily := list(_daily(found))) else None,
            len(daily),
            len(found),
            sum(case.loss > 0 for case in found),
        )
        for queue, found in sorted(by_queue.items())
    ]


def _daily(cases: Iterable[RankedLoss]) -> Iterable[float]:
    """The NDCG of each day on which a loss was revealed."""
    days: Mapping[date, list[RankedLoss]] = defaultdict(list)
    for case in cases:
        days[case.day].append(case)
    for found in days.values():
        ordered = sorted(found, key=lambda case: -case.rank)
        value = ndcg([math.log2(1 + case.loss) for case in ordered])
        if value is not None:
            yield value


def _dcg(gains: Iterable[float]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, start=1))


def _orders(name: str, *, now: datetime) -> list[QueueOrder]:
    kind = event_types()[name]
    until = now - kind.matures_after
    asked: dict[str, Any] = {
        "type": name,
        "since": until - SPAN,
        "until": until,
        "positive": kind.labels.positive,
        "nominal": kind.nominal_stake,
        "limit": MAX_CASES,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CASES, asked)
        rows = cursor.fetchall()
    return orders_of(
        name,
        (
            RankedLoss(queue, day, rank, loss / 10 ** EXPONENTS[kind.base_currency] if positive else 0.0)
            for queue, day, rank, loss, positive in rows
        ),
    )
