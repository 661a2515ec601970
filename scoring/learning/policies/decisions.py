"""Decisions by models in a period: all of them, or a sample of the log where they are many."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from scoring.decisions.models import Decision
from scoring.intake.models import Label
from scoring.log.read import read_streams
from scoring.rules.rules.trial.sample import positions_since

MAX_POSITIONS = 20_000  # of the log that are read completely; in a longer period that many are drawn
MAX_LABELS = 20_000
SEED = 14
COLUMNS = ("position", "event_position", "score", "stake", "outcome", "propensity", "decided_at")


@dataclass(frozen=True)
class SampledDecisions:
    """The last decision with a score of each event: positions int64[n] of decisions, events int64[n] of
    receipts, score float64[n], outcome str[n], propensity float64[n] (1 where exploration did not decide),
    weight float64[n]: how many decisions each stands for.

    `stake`: float64[n] in minor units, NaN where an event has no amount. `first`: when the first was made.
    """

    positions: NDArray[np.int64]
    events: NDArray[np.int64]
    score: NDArray[np.float64]
    stake: NDArray[np.float64]
    outcome: NDArray[np.str_]
    propensity: NDArray[np.float64]
    weight: NDArray[np.float64]
    first: datetime

    def stakes(self, nominal: int) -> NDArray[np.int64]:
        """The amounts at stake, int64[n]; `nominal` where an event has none."""
        return np.where(np.isnan(self.stake), nominal, self.stake).astype(np.int64)

    def days(self, until: datetime) -> float:
        """The days from the first decision to `until`."""
        return days_between(self.first, until)


def days_between(first: datetime, until: datetime) -> float:
    """At least an hour, so that rates stay finite."""
    return max((until - first) / timedelta(days=1), 1 / 24)


def sample_decisions(
    event_type: str, *, since: datetime, until: datetime, positions: int | None = None
) -> SampledDecisions:
    """Decisions with a score that were recorded in [since, until). The same log gives the same sample.

    `positions`: of the log that are read, by default as many as possible, MAX_POSITIONS.
    """
    limit = MAX_POSITIONS if positions is None else min(positions, MAX_POSITIONS)
    first, _ = positions_since(since)
    end, _ = positions_since(until)
    chosen = Decision.objects.filter(event_type=event_type, score__isnull=False)
    within = chosen.filter(position__gte=first, position__lt=end)
    if end - first <= limit:
        return _sampled(list(within.order_by("position").values_list(*COLUMNS)), since=since)
    drawn = sorted(random.Random(SEED).sample(range(first, end), limit))
    at = chosen.extra(where=["position = ANY(%s)"], params=[drawn])  # an array: one parameter, not thousands
    rows = list(at.order_by("position").values_list(*COLUMNS))
    positives = _labeled_positive(event_type, within)
    return _sampled(rows, since=since, weight=(end - first) / limit, certain=positives)


def _labeled_positive(event_type: str, within: QuerySet[Decision]) -> list[tuple[Any, ...]]:
    """The decisions on events that a label made positive, because a sample would have few of them.

    Empty if there are so many that a sample has enough.
    """
    from_type = Label.objects.filter(event_stream__startswith=f"{event_type}/")
    newest = from_type.exclude(effective=None).order_by("-position")
    streams = list(newest.values_list("event_stream", flat=True)[:MAX_LABELS])
    if len(streams) == MAX_LABELS:
        return []
    received = read_streams(sorted(set(streams)), version=1)
    events = [entries[0].position for entries in received.values()]
    return list(within.filter(event_position__in=events).order_by("position").values_list(*COLUMNS))


def _sampled(
    rows: Sequence[tuple[Any, ...]],
    *,
    since: datetime,
    weight: float = 1.0,
    certain: Sequence[tuple[Any, ...]] = (),
) -> SampledDecisions:
    """`certain`: decisions that stand for themselves alone, wherever they were drawn as well."""
    named = {row[1]: (row, weight) for row in rows} | {row[1]: (row, 1.0) for row in certain}
    taken = [row for row, _ in named.values()]
    position, event, score, stake, outcome, propensity, decided_at = _columns(taken)
    return SampledDecisions(
        positions=np.array(position, dtype=np.int64),
        events=np.array(event, dtype=np.int64),
        score=np.array(score, dtype=np.float64),
        stake=np.array([np.nan if each is None else each for each in stake], dtype=np.float64),
        outcome=np.array(outcome, dtype=np.str_),
        propensity=np.array([1.0 if each is None else each for each in propensity], dtype=np.float64),
        weight=np.array([each for _, each in named.values()], dtype=np.float64),
        first=min(decided_at, default=since),
    )


def _columns(rows: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[Any]]:
    return iter(zip(*rows, strict=True)) if rows else iter([[] for _ in COLUMNS])
