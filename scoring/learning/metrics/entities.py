"""How well entities, such as cards, are caught when people look at so many of them a day.

An analyst works on a card, not on each of its payments: once a card was found, its later payments are no
news.
(Le Borgne, Siblini, Lebichot, Bontempi: Reproducible Machine Learning for Credit Card Fraud Detection, 2022,
section 4.4: card precision top-k)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NAN = float("nan")


class EntitiesFound(NamedTuple):
    """`precision`: the mean over days of the share of fraudulent ones among those looked at. `caught`: the
    share of all fraudulent ones that were looked at. NaN where there are none.
    """

    precision: float
    caught: float


@dataclass(frozen=True)
class RankedEntities:
    """The entities of each day from the highest score down, prepared for many resamples.

    `days`: for each day the places int[k] of its entities, and whether each is positive on that day, bool[k].
    `row_of` int[m]: one row of each entity. `positive` bool[m]: entities that are positive on any day.
    """

    days: Sequence[tuple[NDArray[np.intp], NDArray[np.bool_]]]
    row_of: NDArray[np.intp]
    positive: NDArray[np.bool_]

    def copies_of(self, drawn: NDArray) -> NDArray[np.float64]:
        """float64[m]: how often each entity was drawn, given how often each row was; its rows all were."""
        return np.asarray(drawn, dtype=np.float64)[self.row_of]

    def found(self, *, capacity: int, copies: NDArray[np.float64] | None = None) -> EntitiesFound:
        """What is found by looking at `capacity` entities a day; an entity takes a place for each copy."""
        counted = np.ones(len(self.row_of)) if copies is None else copies
        news, shares, caught = counted > 0, [], 0.0
        for places, positive in self.days:
            there = news[places]
            candidates, is_positive = places[there], positive[there]
            if not len(candidates):
                continue
            taken = counted[candidates]
            looked_at = np.clip(capacity - (np.cumsum(taken) - taken), 0, taken)
            hits = looked_at * is_positive
            shares.append(hits.sum() / looked_at.sum())
            caught += hits.sum()
            news[candidates[hits > 0]] = False
        total = float(counted[self.positive].sum())
        return EntitiesFound(
            float(np.mean(shares)) if shares else NAN, float(caught / total) if total else NAN
        )


def rank_entities(
    y: NDArray,
    score: NDArray,
    *,
    day: NDArray,
    entity: NDArray,
    known_before: NDArray[np.bool_] | None = None,
) -> RankedEntities:
    """The entities of each day by their highest score of the day; see `entities_found`."""
    keep = np.ones(len(y), dtype=bool) if known_before is None else ~np.isin(entity, entity[known_before])
    kept = np.flatnonzero(keep)
    y, score, day = (np.asarray(column)[keep] for column in (y, score, day))
    _, first, place = np.unique(np.asarray(entity)[keep], return_index=True, return_inverse=True)
    order = np.argsort(day, kind="stable")
    edges = np.flatnonzero(np.diff(day[order], prepend=day[order][:1] - 1))
    days = []
    for rows in np.split(order, edges[1:]) if len(order) else []:
        places, highest, positive = _by_entity(y[rows], score[rows], place[rows])
        by_score = np.argsort(-highest, kind="stable")
        days.append((places[by_score], positive[by_score]))
    return RankedEntities(days, kept[first], np.bincount(place, weights=y, minlength=len(first)) > 0)


def entities_found(
    y: NDArray,
    score: NDArray,
    *,
    day: NDArray,
    entity: NDArray,
    capacity: int = 100,
    known_before: NDArray[np.bool_] | None = None,
) -> EntitiesFound:
    """What is found by looking at the `capacity` entities of each day with the highest scores.

    y int[n], score float[n], day int[n], entity int[n]. An entity's score of a day is its highest; it is
    fraudulent on that day if one of its events is. Entities of rows with `known_before` (bool[n]) are left
    out; a fraudulent entity that was looked at is left out from the next day on. On a day with fewer
    entities than the capacity all are looked at.
    """
    ranked = rank_entities(y, score, day=day, entity=entity, known_before=known_before)
    return ranked.found(capacity=capacity)


def entity_metrics(
    y: NDArray,
    score: NDArray,
    *,
    day: NDArray,
    entity: NDArray,
    capacity: int = 100,
    known_before: NDArray[np.bool_] | None = None,
) -> dict[str, float]:
    """`entities_found` by the names under which they are stored."""
    found = entities_found(y, score, day=day, entity=entity, capacity=capacity, known_before=known_before)
    return {"entity_precision": found.precision, "entities_caught": found.caught}


def _by_entity(y: NDArray, score: NDArray, entity: NDArray) -> tuple[NDArray, NDArray, NDArray[np.bool_]]:
    """The entities of a day, the highest score of each, and whether one of its events is positive."""
    names, place = np.unique(entity, return_inverse=True)
    highest = np.full(len(names), -np.inf)
    np.maximum.at(highest, place, score)
    return names, highest, np.bincount(place, weights=y, minlength=len(names)) > 0
