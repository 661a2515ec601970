"""The sums behind risk scores: updated by new events alone, because all weights decay alike.

An event of age a weighs w = 2^(-a / half-life). With p the score of each event of an entity:

    "any":    1 - product of (1 - p)^w  =  1 - exp(-sum of w * -ln(1 - p))
    "share":  (sum of w * p + 20 * base) / (sum of w + 20),  base = sum of w * p / sum of w over all entities

The first is a noisy-or (Pearl, Probabilistic Reasoning in Intelligent Systems, 1988, 4.3.2) with decay. The
second is an average shrunk to the mean of all, so that two events do not make an extreme.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from scoring.batch.risk.view import ANY, EVENT_COLUMNS, KEPT_EVENTS, Risk
from scoring.batch.views import BatchTable, Matrix
from scoring.features.folding.encode import KeyColumn

Numbers = NDArray[np.float64]

MAX_SCORE = 0.999  # no single event makes a risk certain
PRIOR_EVENTS = 20.0  # how many events of average score a share begins with
MIN_WEIGHT = 0.01  # an entity whose events weigh less altogether has no profile anymore
_COLUMNS_OF_EVENT = len(EVENT_COLUMNS) // KEPT_EVENTS


@dataclass(frozen=True, slots=True)
class ScoredEvents:
    """n scored events: their entities, log positions, scores, and times in microseconds since 1970."""

    entities: KeyColumn
    positions: NDArray[np.int64]
    scores: Numbers
    times: NDArray[np.int64]


class RiskSums:
    """The sums of n entities as of a moment, with the strongest events of each.

    `weights`, `totals`: float64[n], the sums of w and of w times an event's evidence (-ln(1 - p) or p).
    `events`: float64[n, KEPT_EVENTS, 3], position, score and time, the strongest first, NaN where missing.
    Strength does not change with time, as all evidence decays alike.
    """

    def __init__(self, view: Risk, as_of_us: int) -> None:
        self._view, self._as_of_us = view, as_of_us
        self._places: dict[str, int] = {}
        self.weights, self.totals = np.empty(0), np.empty(0)
        self.events = np.empty((0, KEPT_EVENTS, _COLUMNS_OF_EVENT))

    @classmethod
    def continued(cls, view: Risk, table: BatchTable, *, then_us: int, as_of_us: int) -> Self:
        """The sums that a version as of `then_us` stored, as of a later moment."""
        sums = cls(view, as_of_us)
        stored = dict(zip(view.tables[0].stored, table.matrix.T, strict=True))
        decay = 2.0 ** ((then_us - as_of_us) / view.half_life_us)
        sums._places = {key: place for place, key in enumerate(table.keys)}
        sums.weights, sums.totals = stored["weight"] * decay, stored["total"] * decay
        events = np.stack([stored[name] for name in EVENT_COLUMNS], axis=1)
        sums.events = events.reshape(len(table.keys), KEPT_EVENTS, _COLUMNS_OF_EVENT).copy()
        return sums

    def add(self, events: ScoredEvents) -> None:
        """Add events; those without an entity do not count."""
        known = events.entities.codes >= 0
        rows = self._rows_of(events.entities)[events.entities.codes[known]]
        ages = np.maximum(self._as_of_us - events.times[known], 0)
        weights, scores = np.exp2(-ages / self._view.half_life_us), events.scores[known]
        count = len(self._places)
        self.weights += np.bincount(rows, weights=weights, minlength=count)
        self.totals += np.bincount(rows, weights=weights * evidence_of(self._view, scores), minlength=count)
        added = np.stack([events.positions[known], scores, events.times[known]], axis=1).astype(np.float64)
        self._keep_strongest(rows, added)

    def scores(self) -> Numbers:
        """float64[n]: the risk of each entity, from 0 to 1."""
        if self._view.combination == ANY:
            return -np.expm1(-self.totals)
        weight = self.weights.sum()
        base = self.totals.sum() / weight if weight else 0.0
        return (self.totals + PRIOR_EVENTS * base) / (self.weights + PRIOR_EVENTS)

    def table(self, overrides: Mapping[str, float]) -> BatchTable:
        """The table of a version. `overrides`: scores by entity that hold instead of the computed ones."""
        known = np.flatnonzero(self.weights >= MIN_WEIGHT)
        names = list(self._places)
        rows = {names[place]: place for place in known.tolist()}
        keys = sorted(rows.keys() | overrides.keys())
        matrix = np.full((len(keys), len(self._view.tables[0].stored)), np.nan)
        at = np.array([place for place, key in enumerate(keys) if key in rows], dtype=np.int64)
        matrix[at] = self._stored()[[rows[keys[place]] for place in at.tolist()]]
        for place, key in enumerate(keys):
            if key in overrides:
                matrix[place, 0] = overrides[key]
        matrix[:, 2:4] = np.nan_to_num(matrix[:, 2:4])
        return BatchTable(keys, matrix)

    def _stored(self) -> Matrix:
        """float64[n, stored columns]; the score is the computed one."""
        scores = self.scores()
        events = self.events.reshape(len(scores), len(EVENT_COLUMNS))
        return np.column_stack([scores, scores, self.weights, self.totals, events])

    def _rows_of(self, entities: KeyColumn) -> NDArray[np.int64]:
        """int64[uniques]: the row of each entity; new ones get a row of zeros."""
        before = len(self._places)
        rows = [self._places.setdefault(key, len(self._places)) for key in entities.uniques]
        new = len(self._places) - before
        self.weights, self.totals = (
            np.concatenate([sums, np.zeros(new)]) for sums in (self.weights, self.totals)
        )
        none = np.full((new, *self.events.shape[1:]), np.nan)
        self.events = np.concatenate([self.events, none])
        return np.array(rows, dtype=np.int64)

    def _keep_strongest(self, rows: NDArray[np.int64], added: Numbers) -> None:
        """Let the events `added` (float64[n, 3]) of these rows compete with the kept ones."""
        touched = np.unique(rows)
        kept = self.events[touched].reshape(-1, _COLUMNS_OF_EVENT)
        candidates = np.concatenate([kept, added])
        owners = np.concatenate([np.repeat(touched, KEPT_EVENTS), rows])
        there = ~np.isnan(candidates[:, 0])
        candidates, owners = candidates[there], owners[there]
        # By logarithms: the decay of an old event is too small for a number.
        with np.errstate(divide="ignore"):
            strengths = np.log2(evidence_of(self._view, candidates[:, 1]))
        strengths += (candidates[:, 2] - self._as_of_us) / self._view.half_life_us
        order = np.lexsort((candidates[:, 0], -strengths, owners))
        candidates, owners = candidates[order], owners[order]
        firsts = np.searchsorted(owners, owners)
        ranks = np.arange(len(owners)) - firsts
        best = ranks < KEPT_EVENTS
        self.events[touched] = np.nan
        self.events[owners[best], ranks[best]] = candidates[best]


def evidence_of(view: Risk, scores: Numbers) -> Numbers:
    """What each score adds to its entity's total while the event is new."""
    return -np.log1p(-np.minimum(scores, MAX_SCORE)) if view.combination == ANY else scores


def parts_of_risk(view: Risk, events: Numbers, *, total: float, as_of_us: int) -> Numbers:
    """float64[k]: the share of an entity's `total` that each of its events contributes.

    `events`: float64[k, 3], their positions, scores and times.
    """
    decay = np.exp2((events[:, 2] - as_of_us) / view.half_life_us)
    return evidence_of(view, events[:, 1]) * decay / total if total > 0 else np.zeros(len(events))
