"""Which events' labels depend on how they were decided: blocked ones, and those that exploration let through.

A blocked event never shows whether it was good, and what is blocked is not a random sample: selective labels
(Lakkaraju et al., KDD 2017). Exploration lets a known share of would-be blocks through; each of them stands
for 1 / propensity events (Horvitz & Thompson 1952), but for at most MAX_WEIGHT.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from scoring.timestamps import to_micros

# A bound on the influence of a single event (Ionides, Truncated Importance Sampling, 2008). Shares of 1 % and
# more are not affected; smaller ones give a little bias for less variance.
MAX_WEIGHT = 100.0

Weights = NDArray[np.float64]
Texts = Mapping[str, NDArray[np.object_]]  # text field -> the text of each row, None where it is not known


@dataclass(frozen=True)
class SelectionHistory:
    """The decisions on events that were ever blocked or explored, in log order.

    `rows` int64[k] rows of the vector table; `decided_at` int64[k], microseconds; `blocked` bool[k];
    `weights` float64[k], 1 / propensity of events that exploration let through and 1 of the others.
    """

    rows: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    decided_at: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    blocked: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=bool))
    weights: Weights = field(default_factory=lambda: np.empty(0))

    def as_of(self, moment: datetime, *, count: int) -> tuple[NDArray[np.bool_], Weights]:
        """Whether each row's last decision by `moment` was a block (bool[count]), and its weight."""
        known = self.decided_at <= to_micros(moment)
        blocked, weights = np.zeros(count, dtype=bool), np.ones(count)
        blocked[self.rows[known]] = self.blocked[known]  # the last one of repeated rows wins
        weights[self.rows[known]] = self.weights[known]
        return blocked, weights


@dataclass(frozen=True)
class UnknownBlocks:
    """Mature events that were blocked and have no label: neither trained on nor evaluated on.

    They are part of the traffic, so distributions and daily rates include them. X float32[m, F];
    `occurred_at` int64[m], microseconds; `texts`: as in a training set.
    """

    X: NDArray[np.float32]
    occurred_at: NDArray[np.int64]
    texts: Texts = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.occurred_at)

    def during(self, times: NDArray[np.int64]) -> "UnknownBlocks":
        """Those between the first and the last of these times."""
        within = np.zeros(len(self), dtype=bool)
        if len(times):
            within = (self.occurred_at >= times.min()) & (self.occurred_at <= times.max())
        texts = {name: column[within] for name, column in self.texts.items()}
        return UnknownBlocks(self.X[within], self.occurred_at[within], texts)


def weights_or_none(weights: Weights) -> Weights | None:
    """None if every event counts once."""
    return None if bool((weights == 1).all()) else weights
