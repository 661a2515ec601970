"""How well entities, such as cards, are caught when people look at so many of them a day.

An analyst works on a card, not on each of its payments: once a card was found, its later payments are no
news.
(Le Borgne, Siblini, Lebichot, Bontempi: Reproducible Machine Learning for Credit Card Fraud Detection, 2022,
section 4.4: card precision top-k)
"""

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
    keep = np.ones(len(y), dtype=bool) if known_before is None else ~np.isin(entity, entity[known_before])
    y, score, day, entity = (np.asarray(column)[keep] for column in (y, score, day, entity))
    found, shares = set[int](), []
    order = np.argsort(day, kind="stable")
    edges = np.flatnonzero(np.diff(day[order], prepend=day[order][:1] - 1))
    for rows in np.split(order, edges[1:]) if len(order) else []:
        names, highest, fraudulent = _by_entity(y[rows], score[rows], entity[rows])
        news = np.array([name not in found for name in names.tolist()], dtype=bool)
        if not news.any():
            continue
        chosen = np.flatnonzero(news)[np.argsort(-highest[news], kind="stable")[:capacity]]
        caught = names[chosen][fraudulent[chosen]]
        shares.append(len(caught) / len(chosen))
        found.update(caught.tolist())
    fraudulent_ones = len(np.unique(entity[y == 1]))
    return EntitiesFound(
        float(np.mean(shares)) if shares else NAN, len(found) / fraudulent_ones if fraudulent_ones else NAN
    )


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
