"""Business figures as JSON values: the sums of a period, and the rates that follow."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from monitoring.business.figures import (
    DayFigures,
    Estimate,
    approval_rate,
    avoided,
    block_share,
    insult_rate,
    yield_per_hour,
)
from monitoring.business.periods import last_day, sum_by_period
from monitoring.business.refreshing import is_mature, read_days
from monitoring.business.segments import ALL
from scoring.catalog.event_type import EventType


def describe_business(
    kind: type[EventType], *, since: date, until: date, period: str, field: str, now: datetime
) -> dict[str, Any]:
    """The figures of an event type by day or week, of all events and, with a `field`, of its segments.

    Money is in minor units of `currency`. `since` and `until` are included.
    """
    found = read_days(kind.name, since=since, until=until, field=field)
    periods = [
        {
            "segment": None if segment == ALL else segment,
            "since": first.isoformat(),
            "until": (last := min(last_day(first, period), until)).isoformat(),
            "mature": is_mature(kind, last, now=now),
            **dict(_describe(figures)),
        }
        for segment, days in found.items()
        for first, figures in sum_by_period(days, period).items()
    ]
    named = {"event_type": kind.name, "currency": kind.base_currency, "by": period, "field": field or None}
    return {**named, "periods": periods}


def _describe(figures: DayFigures) -> Iterator[tuple[str, Any]]:
    yield "decided", figures.decided
    yield "approval_rate", _describe_estimate(approval_rate(figures))
    yield "block_share", _describe_estimate(block_share(figures))
    yield "insult_rate", _describe_estimate(insult_rate(figures))
    yield "fraud_loss", figures.fraud_through_stake
    yield "loss_avoided", _describe_estimate(avoided(figures))
    yield "verdicts", figures.verdicts
    yield "verdicts_fraud", figures.verdicts_fraud
    yield "review_hours", figures.review_seconds / 3_600
    yield "found_per_hour", yield_per_hour(figures)


def _describe_estimate(estimate: Estimate | None) -> dict[str, float | None] | None:
    return None if estimate is None else estimate._asdict()
