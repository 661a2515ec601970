"""Events whose class is known, with their scores: a policy's effect is measured on them.

They are decisions old enough to be labeled or, while there are too few of those, the held-out events of the
champion. Only a sample is read, so that a page answers at any size of the log: the one stored in the
background (`sampling.stored`) or, before there is one, some positions of the log (`decisions`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.catalog.registry import scored_type
from scoring.learning.policies.decisions import SampledDecisions, days_between, sample_decisions
from scoring.learning.policies.sampling.priority import weighted
from scoring.learning.policies.sampling.scanning import read_retracted
from scoring.learning.policies.sampling.stored import JUDGED, SIZE, SPANS, rows_of, stored_sample
from scoring.log.read import read_positions
from scoring.registry.model_versions import champion_of
from scoring.registry.models import HeldOutSample
from scoring.rules.deciding.precedence import BLOCK
from scoring.rules.off_policy.revealing import propensity_of_block, reveal
from scoring.timestamps import from_iso

MIN_EVENTS, MIN_POSITIVES = 200, 20  # fewer decisions say too little

_LABELS = """
    SELECT event.position, latest.effective
      FROM scoring_event event
      JOIN LATERAL (
           SELECT effective FROM scoring_label
            WHERE event_stream = event.type || '/' || event.source || '/' || event.external_id
            ORDER BY position DESC LIMIT 1) latest ON true
     WHERE event.position = ANY(%s)
"""

Source = Literal["decisions", "held-out"]


class ScoredEvents(Protocol):
    """Events to which a policy can give outcomes, n of each array; see `JudgedEvents`."""

    @property
    def event_type(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def score(self) -> NDArray[np.float64]: ...
    @property
    def stake(self) -> NDArray[np.int64]: ...
    @property
    def versions(self) -> NDArray[np.int64]: ...
    @property
    def decisions(self) -> NDArray[np.int64]: ...
    @property
    def drawn_at(self) -> datetime | None: ...


def _none() -> NDArray[np.int64]:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class JudgedEvents:
    """Events of a type with score float64[n], positive bool[n], stake int64[n] (minor units), weight
    float64[n]: how many events each stands for.

    `versions` int64[n]: log positions of their receipts or corrections. `decisions` int64[n]: those of their
    decisions, 0 for held-out events. `days`: that they cover, for rates a day. `model`: whose held-out events
    they are. `unknown`: blocked events whose class nothing shows, which are left out. `drawn_at`: when the
    sample was stored, None for one that was drawn just now. `decided`: the decisions that it was drawn from,
    if counted.
    """

    event_type: str
    source: Source
    score: NDArray[np.float64]
    positive: NDArray[np.bool_]
    stake: NDArray[np.int64]
    weight: NDArray[np.float64]
    versions: NDArray[np.int64]
    since: datetime
    until: datetime
    days: float
    decisions: NDArray[np.int64] = field(default_factory=_none)
    model: str = ""
    unknown: int = 0
    drawn_at: datetime | None = None
    decided: int = 0

    @property
    def events(self) -> int:
        """How many events the sample stands for."""
        return self.decided or round(float(self.weight.sum()))

    @property
    def positives(self) -> int:
        return round(float(self.weight[self.positive].sum()))


def read_judged_events(event_type: str, *, now: datetime, size: int = SIZE) -> JudgedEvents | None:
    """Mature decisions, else held-out events of the champion; None without a model or labels.

    `size`: how many decisions of the sample are read, or positions of the log.
    """
    kind = scored_type(event_type)
    decided = stored_decisions(kind, now=now, size=size) or judged_decisions(kind, now=now, size=size)
    if decided is not None and decided.events >= MIN_EVENTS and decided.positive.sum() >= MIN_POSITIVES:
        return decided
    return held_out_events(kind)


def stored_decisions(kind: type[EventType], *, now: datetime, size: int = SIZE) -> JudgedEvents | None:
    """The mature decisions of the stored sample, or the `size` of them that matter most; None without one."""
    stored = stored_sample(kind.name, JUDGED, now=now)
    if stored is None:
        return None
    rows, weight = weighted(rows_of(stored), size)
    return JudgedEvents(
        event_type=kind.name,
        source="decisions",
        score=rows["score"],
        positive=rows["positive"],
        stake=rows["stake"],
        weight=weight * rows["inverse"],
        versions=rows["event"],
        decisions=rows["decision"],
        since=stored.first_at,
        until=stored.until,
        days=days_between(stored.first_at, stored.until),
        unknown=stored.unknown,
        drawn_at=stored.computed_at,
        decided=stored.decisions,
    )


def judged_decisions(kind: type[EventType], *, now: datetime, size: int = SIZE) -> JudgedEvents | None:
    """The decisions by models that are mature at `now`, with the labels known; None if there are none."""
    until = now - kind.matures_after
    sample = sample_decisions(kind.name, since=until - SPANS[JUDGED], until=until, positions=size)
    if not len(sample.score):
        return None
    labels = labels_of(sample.events)
    revealed, propensity = reveal(
        blocked=sample.outcome == BLOCK,
        labeled=np.array([label is not None for label in labels], dtype=bool),
        let_through=np.where(sample.propensity < 1, sample.propensity, np.nan),
        propensity=_propensities_of_blocks(sample),
    )
    positive = np.array([label == kind.labels.positive for label in labels], dtype=bool)
    counted = ~np.isin(sample.events, read_retracted(kind.name))
    return _judged(kind, sample, positive, revealed & counted, (propensity <= 0) & counted, until=until)


def _propensities_of_blocks(sample: SampledDecisions) -> NDArray[np.float64]:
    """The probability with which exploration would have let each blocked event through, 0 of all others."""
    blocked = np.flatnonzero(sample.outcome == BLOCK)
    logged = {entry.position: entry.data for entry in read_positions(sample.positions[blocked].tolist())}
    found = np.zeros(len(sample.outcome))
    found[blocked] = [
        propensity_of_block(logged.get(position, {})) for position in sample.positions[blocked].tolist()
    ]
    return found


def _judged(
    kind: type[EventType],
    sample: SampledDecisions,
    positive: NDArray[np.bool_],
    revealed: NDArray[np.bool_],
    unknown: NDArray[np.bool_],
    *,
    until: datetime,
) -> JudgedEvents:
    return JudgedEvents(
        event_type=kind.name,
        source="decisions",
        score=sample.score[revealed],
        positive=positive[revealed],
        stake=sample.stakes(kind.nominal_stake)[revealed],
        weight=(sample.weight / sample.propensity)[revealed],
        versions=sample.events[revealed],
        decisions=sample.positions[revealed],
        since=sample.first,
        until=until,
        days=sample.days(until),
        unknown=round(float(sample.weight[unknown].sum())),
    )


def labels_of(events: NDArray[np.int64]) -> list[str | None]:
    """The effective label of each event, given by the position of its receipt."""
    wanted = events.tolist()
    with connection.cursor() as cursor:
        cursor.execute(_LABELS, [wanted])
        labels = dict(cursor.fetchall())
    return [labels.get(position) for position in wanted]


def held_out_events(kind: type[EventType]) -> JudgedEvents | None:
    """The sample of held-out events that is stored with the type's champion, if there is one."""
    champion = champion_of(kind.name)
    row = HeldOutSample.objects.filter(pk=champion).first() if champion else None
    if row is None or not row.sample:
        return None
    return judged_of_sample(kind, row.sample, model=row.model)


def judged_of_sample(kind: type[EventType], stored: Mapping[str, Any], *, model: str = "") -> JudgedEvents:
    """A sample of held-out events, as it is stored with its stakes."""
    return JudgedEvents(
        event_type=kind.name,
        source="held-out",
        score=np.array(stored["scores"], dtype=np.float64),
        positive=np.array(stored["positive"], dtype=bool),
        stake=np.array(stored["stakes"], dtype=np.int64),
        weight=np.array(stored["weights"], dtype=np.float64),
        versions=np.array(stored["positions"], dtype=np.int64),
        since=from_iso(stored["since"]),
        until=from_iso(stored["until"]),
        days=stored["days"],
        model=model,
    )
