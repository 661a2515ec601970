"""What exploration has cost and taught: the labels of events that it let through. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from scoring.catalog.event_type import EventType
from scoring.intervals import wilson_interval

MIN_EVENTS = 10  # mature events, below which a share says nothing


class ExploredEvent(NamedTuple):
    """An event that exploration let through, with its label (None: none yet)."""

    amount: int  # minor units
    propensity: float
    occurred_at: datetime
    label: str | None


@dataclass(frozen=True)
class GoodShare:
    """The share of would-be blocks that were good, with the bounds of its 95 % interval.

    `effective`: the number of equally weighted events that would tell as much.
    """

    share: float
    low: float
    high: float
    effective: float


@dataclass(frozen=True)
class ExplorationResults:
    """Explored events, the mature ones among them, and money in minor units.

    `bad` and `lost`: known by now to be of the positive class, mature or not.
    """

    events: int = 0
    money: int = 0
    mature: int = 0
    bad: int = 0
    lost: int = 0
    good: GoodShare | None = None


def summarize(events: Iterable[ExploredEvent], *, kind: type[EventType], now: datetime) -> ExplorationResults:
    """The results of events of one type. The share of good ones is that of mature events, each weighted by
    1 / propensity; None for fewer than MIN_EVENTS of them.
    """
    known = list(events)
    bad = [event for event in known if event.label == kind.labels.positive]
    mature = [event for event in known if _is_mature(event, kind.matures_after, now)]
    return ExplorationResults(
        events=len(known),
        money=sum(event.amount for event in known),
        mature=len(mature),
        bad=len(bad),
        lost=sum(event.amount for event in bad),
        good=_good_share(mature, kind.labels.positive) if len(mature) >= MIN_EVENTS else None,
    )


def _is_mature(event: ExploredEvent, matures_after: timedelta, now: datetime) -> bool:
    return event.occurred_at <= now - matures_after


def _good_share(mature: list[ExploredEvent], positive: str) -> GoodShare:
    """Hajek's estimate; Wilson's interval at the effective number of events (Kish, Survey Sampling, 1965)."""
    weights = [1 / event.propensity for event in mature]
    total = sum(weights)
    good = sum(weight for weight, event in zip(weights, mature, strict=True) if event.label != positive)
    effective = total**2 / sum(weight**2 for weight in weights)
    low, high = wilson_interval(good / total * effective, effective)
    return GoodShare(good / total, low, high, effective)
