"""Which decisions show what their event is, and with which probability they do. Pure.

A blocked event never shows whether it was good, unless exploration could let it through.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.rules.exploration.drawing import was_let_through

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class LoggedEvents:
    """Mature events with the score by which they were decided, n of each.

    `score`: calibrated probabilities. `positive`: the class of the `revealed` ones, and nothing of
    others. `propensity`: the probability with which the class is revealed: 1 if nothing could hide it, 0 if
    nothing could show it. `stake`: minor units. `weight`: how many events of the log each stands for.
    """

    score: Floats
    positive: Bools
    revealed: Bools
    propensity: Floats
    stake: Floats
    weight: Floats

    def __len__(self) -> int:
        return len(self.score)

    @property
    def inverse(self) -> Floats:
        """1 / propensity of the revealed events, 0 of the others."""
        known = self.revealed & (self.propensity > 0)
        return np.divide(1.0, self.propensity, out=np.zeros(len(self)), where=known)

    @property
    def unsupported(self) -> Bools:
        """Events whose class nothing could show: no event that was let through stands for them."""
        return self.propensity <= 0

    @property
    def explored(self) -> Bools:
        return self.revealed & (self.propensity < 1)


def reveal(
    *, blocked: Bools, labeled: Bools, let_through: Floats, propensity: Floats
) -> tuple[Bools, Floats]:
    """(revealed bool[n], propensity float64[n]), as `LoggedEvents` has them.

    `let_through`: the propensity of events that exploration let through, NaN for all others. `propensity`:
    that of blocked events, 0 where exploration was off or a cap stops it.

    | decision | class | propensity |
    |---|---|---|
    | let through by exploration | revealed | as logged |
    | not blocked otherwise | revealed | 1 |
    | blocked, though exploration could let it through | hidden, labeled or not | as logged |
    | blocked for certain, labeled | revealed | 1 |
    | blocked for certain, not labeled | hidden | 0 |

    The label of a block that exploration might have let through is left aside, because those that it did let
    through stand for it already.
    """
    explored = ~np.isnan(let_through)
    could = blocked & (propensity > 0)
    revealed = ~blocked | (labeled & ~could)
    found = np.where(explored, let_through, np.where(blocked, propensity, 1.0))
    return revealed, np.where(blocked & ~could & labeled, 1.0, found)


def propensity_of_block(decision: Mapping[str, Any]) -> float:
    """The probability with which exploration would let a blocked event through, by its decision's data.

    >>> propensity_of_block({"exploration": {"propensity": 0.02, "drawn": False}})
    0.02
    >>> propensity_of_block({"outcome": "block"})
    0.0
    """
    exploration = decision.get("exploration")
    return float(exploration["propensity"]) if exploration else 0.0


def propensity_if_let_through(decision: Mapping[str, Any]) -> float:
    """The propensity of an event that exploration let through, NaN for others."""
    exploration = decision.get("exploration")
    if not exploration or not was_let_through(exploration):
        return float("nan")
    return float(exploration["propensity"])
