"""The decisions of a model in a period, with what their events turned out to be, at most a sample of them."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from monitoring.performance.losses import ScoredEvents
from scoring.catalog.event_type import EventType
from scoring.rules.deciding.precedence import ALLOW, BLOCK
from scoring.rules.off_policy.revealing import reveal
from scoring.rules.rules.trial.sample import positions_since

SEED = 17
COLUMNS = ("position", "event", "at", "score", "stake", "allowed", "positive")
_TICKS = 1 << 16  # into which positions are hashed

_ROW = np.dtype(
    [
        *(("position", "<i8"), ("event", "<i8"), ("at", "<f8"), ("score", "<f8"), ("stake", "<f8")),
        *(("blocked", "?"), ("allowed", "?"), ("labeled", "?"), ("positive", "?")),
        *(("through", "<f8"), ("propensity", "<f8")),
    ]
)
_COUNT = """
    SELECT count(*) FROM scoring_decision
     WHERE position >= %(first)s AND position < %(end)s AND model = %(model)s AND revision = 0
       AND score IS NOT NULL
"""
# First decisions with the current label of each event: all positives, and of the others those whose hashed
# position is below `keep`. `through` and `propensity` are as in `reveal`.
_DECIDED = """
    SELECT decision.position, decision.event_position, extract(epoch FROM decision.decided_at)::float8,
           decision.score, coalesce(decision.stake, %(nominal)s)::float8,
           decision.outcome = %(block)s, decision.outcome = %(allow)s,
           latest.effective IS NOT NULL, coalesce(latest.effective = %(positive)s, false),
           coalesce(decision.propensity, 'NaN'),
           CASE WHEN decision.outcome = %(block)s THEN coalesce(
               (SELECT (made.data::json #>> '{exploration,propensity}')::float8 FROM scoring_logentry made
                 WHERE made.position = decision.position), 0) ELSE 0 END
      FROM (SELECT * FROM scoring_decision
             WHERE position >= %(first)s AND position < %(end)s AND model = %(model)s AND revision = 0
               AND score IS NOT NULL
             ORDER BY position DESC LIMIT %(limit)s) decision
      JOIN scoring_event event ON event.position = decision.event_position AND event.retracted_at IS NULL
      LEFT JOIN LATERAL (
           SELECT effective FROM scoring_label
            WHERE event_stream = event.type || '/' || event.source || '/' || event.external_id
            ORDER BY position DESC LIMIT 1) latest ON true
     WHERE latest.effective = %(positive)s
        OR (hashint8(decision.position) & %(mask)s) < %(keep)s
     ORDER BY decision.position
"""


@dataclass(frozen=True)
class DecidedEvents:
    """A model's decisions whose events' classes can be known, n of each, in the order of their decisions.

    `position`, `event` int64[n]: log positions of the decision and of the receipt. `at` float64[n]: when they
    were decided, in Unix seconds. `stake` float64[n]: minor units. `positive`, `allowed` bool[n]: the current
    label, none being negative, and whether the outcome was the mildest. `weight` float64[n]: how many
    decisions each stands for. `decided`: the decisions of the period; `unknown`: how many were blocked and
    have no label, which are left out.
    """

    position: NDArray[np.int64]
    event: NDArray[np.int64]
    at: NDArray[np.float64]
    score: NDArray[np.float64]
    stake: NDArray[np.float64]
    allowed: NDArray[np.bool_]
    positive: NDArray[np.bool_]
    weight: NDArray[np.float64]
    decided: int
    unknown: int

    def __len__(self) -> int:
        return len(self.score)

    @property
    def scored(self) -> ScoredEvents:
        return ScoredEvents(self.score, self.positive, self.weight)

    def thinned(self, limit: int) -> "DecidedEvents":
        """All positives and a random `limit` of the others, which then stand for all of them."""
        others = np.flatnonzero(~self.positive)
        if len(others) <= limit:
            return self
        kept = np.random.default_rng(SEED).choice(others, limit, replace=False)
        rows = np.sort(np.concatenate([np.flatnonzero(self.positive), kept]))
        scale = self.weight[others].sum() / self.weight[kept].sum()
        weight = np.where(self.positive, self.weight, self.weight * scale)
        return replace(
            self,
            **{name: getattr(self, name)[rows] for name in COLUMNS},
            weight=weight[rows],
        )


def read_decided(
    kind: type[EventType],
    model: str,
    *,
    since: datetime,
    until: datetime,
    latest: int | None = None,
    sample: int | None = None,
) -> DecidedEvents:
    """The model's first decisions that were recorded in [since, until), with the labels known now.

    Blocked events without a label are left out, because nothing is known of them. So are those that
    exploration could have let through: the ones that it did let through count 1 / propensity times instead
    (`scoring.rules.off_policy.revealing`). `latest`: only the last so many decisions. `sample`: about so many
    of the events that are not positive, the same at every call.
    """
    parameters: dict[str, Any] = {
        "first": positions_since(since)[0],
        "end": positions_since(until)[0],
        "model": model,
        "positive": kind.labels.positive,
        "nominal": kind.nominal_stake,
        "block": BLOCK,
        "allow": ALLOW,
        "limit": latest,
        "mask": _TICKS - 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, parameters)
        decided = int(cursor.fetchone()[0])
        keep = _TICKS if sample is None or decided <= sample else max(_TICKS * sample // decided, 1)
        cursor.execute(_DECIDED, {**parameters, "keep": keep})
        rows = np.array(cursor.fetchall(), dtype=_ROW)
    return _revealed(rows, share=keep / _TICKS, decided=decided)


def _revealed(rows: NDArray[Any], *, share: float, decided: int) -> DecidedEvents:
    revealed, propensity = reveal(
        blocked=rows["blocked"],
        labeled=rows["labeled"],
        let_through=rows["through"],
        propensity=rows["propensity"],
    )
    known = rows[revealed]
    sampled = np.where(known["positive"], 1.0, 1 / share)
    return DecidedEvents(
        **{name: known[name].copy() for name in COLUMNS},
        weight=sampled / propensity[revealed],
        decided=decided,
        unknown=round(int((propensity <= 0).sum()) / share),
    )
