"""Mature decisions with what their events' classes reveal, among them those that reveal nothing. Pure."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.learning.policies.sampling.priority import importance_of, uniform_of
from scoring.learning.policies.sampling.scanning import stakes_of
from scoring.rules.off_policy.revealing import Bools, Floats, reveal

LOGGED_ROW = np.dtype(
    [
        *(("decision", "<i8"), ("event", "<i8"), ("score", "<f8"), ("stake", "<i8")),
        *(("positive", "?"), ("revealed", "?"), ("propensity", "<f8")),
        *(("importance", "<f8"), ("priority", "<f8")),
    ]
)


def reveal_read(read: NDArray[Any], labeled: Bools) -> tuple[Bools, Floats]:
    """As `reveal`, of decisions as `scanning` reads them."""
    return reveal(
        blocked=read["blocked"],
        labeled=labeled,
        let_through=read["through"],
        propensity=read["propensity"],
    )


def logged_rows(read: NDArray[Any], labeled: Bools, positive: Bools, *, nominal: int) -> NDArray[Any]:
    """LOGGED_ROW of each decision, without those that a list or hash bank made: no policy changes them.

    `read`: as `scanning` reads them. `nominal`: the stake of an event without an amount.
    """
    free = ~read["listed"]
    read, labeled, positive = read[free], labeled[free], positive[free]
    revealed, propensity = reveal_read(read, labeled)
    rows = np.empty(len(read), dtype=LOGGED_ROW)
    for name in ("decision", "event", "score"):
        rows[name] = read[name]
    rows["stake"] = stakes_of(read, nominal)
    rows["positive"] = positive & revealed
    rows["revealed"], rows["propensity"] = revealed, propensity
    inverse = np.where(revealed & (propensity > 0), 1 / np.maximum(propensity, 1e-9), 1.0)
    rows["importance"] = importance_of(read["score"], rows["positive"]) * inverse
    rows["priority"] = rows["importance"] / uniform_of(read["event"])
    return rows
