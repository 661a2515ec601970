"""Decisions with the scores of content policies: on which their thresholds are measured."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.learning.policies.capacity import RecentScores
from scoring.learning.policies.decisions import days_between
from scoring.learning.policies.heads.sampling import (
    DrawnSample,
    draw_head_sample,
    is_long,
    stored_head_sample,
)
from scoring.learning.policies.sampling.priority import weighted
from scoring.learning.policies.sampling.stored import RECENT, SIZE, Purpose


@dataclass(frozen=True)
class HeadEvents:
    """n decisions with the scores of k content policies: score float64[n, k], NaN without a head, and broken
    int8[n, k], one of NOT_BROKEN, BROKEN, NOT_KNOWN.

    `main` int64[n]: the place of the main score's outcome among the type's. `positive` bool[n]: by the label.
    `stake` int64[n]. `weight` float64[n]: how many decisions each stands for. `days`: that they cover.
    `decided`: the decisions that they stand for; `unknown`: blocked ones without a label, which are left out.
    `drawn_at`: when the sample was stored, None for decisions that were read just now.
    """

    policies: tuple[str, ...]
    score: NDArray[np.float64]
    broken: NDArray[np.int8]
    main: NDArray[np.int64]
    positive: NDArray[np.bool_]
    stake: NDArray[np.int64]
    weight: NDArray[np.float64]
    since: datetime
    until: datetime
    days: float
    decided: int
    unknown: int = 0
    drawn_at: datetime | None = None


def read_head_events(kind: type[EventType], purpose: Purpose, *, now: datetime) -> HeadEvents | None:
    """The stored sample or, of a short log, all decisions; None without any, or before a sample was drawn."""
    stored = stored_head_sample(kind, purpose, now=now)
    if stored is None and not is_long(kind, purpose, now=now):
        stored = draw_head_sample(kind, purpose, now=now)
    return events_of(stored) if stored is not None and len(stored.rows) else None


def events_of(drawn: DrawnSample) -> HeadEvents:
    """The events of a sample, with their weights."""
    rows, weight = weighted(drawn.rows, SIZE)
    return HeadEvents(
        policies=drawn.policies,
        score=rows["score"],
        broken=rows["broken"],
        main=rows["main"].astype(np.int64),
        positive=rows["positive"],
        stake=rows["stake"],
        weight=weight * rows["inverse"],
        since=drawn.first_at,
        until=drawn.until,
        days=days_between(drawn.first_at, drawn.until),
        decided=drawn.decisions,
        unknown=drawn.unknown,
        drawn_at=drawn.drawn_at,
    )


def recent_head_scores(
    kind: type[EventType], policy: str, *, champion: str, now: datetime
) -> RecentScores | None:
    """The scores of a content policy in the last weeks, from which thresholds by capacity are computed."""
    events = read_head_events(kind, RECENT, now=now)
    if events is None or policy not in events.policies:
        return None
    score = events.score[:, events.policies.index(policy)]
    known = ~np.isnan(score)
    if not known.any():
        return None
    return RecentScores(
        score[known],
        events.weight[known],
        events.days,
        events.since,
        events.until,
        champion,
        held_out=False,
    )
