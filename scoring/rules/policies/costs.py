"""The thresholds at which each outcome becomes the cheapest one for an event.

Write p for the calibrated probability of fraud, `loss` for what allowed fraud costs (the share of the amount
that is lost, and the chargeback fee) and `insult` for what a refused good customer costs (the margin on the
amount, and the insult). An outcome that costs k to carry out, catches the share c of fraud and loses the
share l of good customers has the expected cost

    k + p (1 - c) loss + (1 - p) l insult,

a straight line in p. Allowing is the line p loss (k = c = l = 0), blocking (1 - p) insult (k = 0, c = l = 1).
The cheapest outcome at each p is the lower envelope of these lines, and a threshold is where two neighbors
on it cross. With only allow and block that is Elkan's threshold, p = insult / (insult + loss). A review that
loses no good customer is cheaper than allowing from p = k / (c loss), and blocking is cheaper than it from
p = (insult - k) / (insult + (1 - c) loss).

Sources: C. Elkan, The Foundations of Cost-Sensitive Learning, IJCAI 2001 (equation 2). Costs that depend on
the example: A. C. Bahnsen, A. Stojanovic, D. Aouada, B. Ottersten, Improving Credit Card Fraud Detection
with Calibrated Probabilities, SDM 2014. A third outcome at a cost: C. K. Chow, On Optimum Recognition Error
and Reject Tradeoff, IEEE Transactions on Information Theory 16, 1970.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEVER = math.nextafter(1.0, 2.0)  # a threshold above every score: rounding can give exactly 1
NOWHERE = -math.inf


@dataclass(frozen=True, slots=True)
class Action:
    """What an outcome between allow and block costs and does.

    `cost`: of carrying it out, in minor units of the base currency. `catches`: the share of fraud that it
    stops. `loses`: the share of good customers that it loses.
    """

    outcome: str
    cost: int
    catches: float
    loses: float = 0.0

    def as_data(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome,
            "cost": self.cost,
            "catches": self.catches,
            "loses": self.loses,
        }


@dataclass(frozen=True, slots=True)
class Costs:
    """Costs of right and wrong decisions; amounts in minor units of the base currency.

    `margin`: the share of the amount that is earned on a good event. `insult`: the further cost of refusing a
    good customer. `chargeback_fee`: the cost of allowed fraud beyond the amount. `loss_share`: the share of
    the amount that allowed fraud loses, such as the cost of the goods. `actions`: the outcomes between allow
    and block that the policy uses, the mildest first.
    """

    margin: float
    insult: int
    chargeback_fee: int
    actions: tuple[Action, ...]
    loss_share: float = 1.0

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Costs":
        actions = tuple(Action(**action) for action in data["actions"])
        return cls(data["margin"], data["insult"], data["chargeback_fee"], actions, data["loss_share"])

    def as_data(self) -> dict[str, Any]:
        return {
            "margin": self.margin,
            "insult": self.insult,
            "chargeback_fee": self.chargeback_fee,
            "loss_share": self.loss_share,
            "actions": [action.as_data() for action in self.actions],
        }

    def loss_of(self, stake: int) -> float:
        """What allowed fraud of this amount costs."""
        return self.loss_share * stake + self.chargeback_fee

    def insult_of(self, stake: int) -> float:
        """What refusing a good event of this amount costs."""
        return self.margin * stake + self.insult


def cheapest_thresholds(costs: Costs, stake: int) -> dict[str, float]:
    """The threshold of every outcome but allow, the mildest first, for an event of this amount.

    An outcome that is never the cheapest has the threshold of the next more severe one, which then wins.
    Thresholds are never below 0, and NEVER instead of any above 1. They minimize the expected cost if more
    severe outcomes catch at least as much fraud and lose at least as many good customers.
    """
    amount = max(stake, 0)
    loss, insult = costs.loss_of(amount), costs.insult_of(amount)
    # Lines as (outcome, cost at p = 0, slope, the p from which it is the cheapest so far).
    envelope = [("allow", 0.0, loss, NOWHERE)]
    for action in costs.actions:
        at_zero = action.cost + action.loses * insult
        slope = (1 - action.catches) * loss - action.loses * insult
        _add_line(envelope, action.outcome, at_zero, slope)
    _add_line(envelope, "block", insult, -insult)
    starts = {outcome: start for outcome, _, _, start in envelope}
    return _filled([*(action.outcome for action in costs.actions), "block"], starts)


def cheapest_thresholds_of(costs: Costs, stakes: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """`cheapest_thresholds` of many amounts at once, float64[n] by outcome: the same numbers to the bit."""
    amount = np.maximum(stakes, 0).astype(np.float64)
    loss = costs.loss_share * amount + costs.chargeback_fee
    insult = costs.margin * amount + costs.insult
    lines = [("allow", np.zeros_like(amount), loss)]
    for action in costs.actions:
        at_zero = action.cost + action.loses * insult
        lines.append((action.outcome, at_zero, (1 - action.catches) * loss - action.loses * insult))
    lines.append(("block", insult, -insult))
    starts = _starts(np.array([at_zero for _, at_zero, _ in lines]), np.array([slope for *_, slope in lines]))
    found: dict[str, NDArray[np.float64]] = {}
    threshold = np.full(len(amount), NEVER)
    for (outcome, *_), start in reversed([*zip(lines, starts, strict=True)][1:]):
        chosen = np.where(np.isnan(start), threshold, start)
        threshold = np.where(chosen > 1.0, NEVER, np.maximum(chosen, 0.0))
        found[outcome] = threshold
    return {outcome: found[outcome] for outcome, *_ in lines[1:]}


def _starts(at_zero: NDArray[np.float64], slope: NDArray[np.float64]) -> NDArray[np.float64]:
    """The p from which each line (a row) is the cheapest for each amount (a column), NaN if it never is."""
    lines, amounts = at_zero.shape
    starts = np.full((lines, amounts), np.nan)
    starts[0] = NOWHERE
    for line in range(1, lines):
        waiting = np.ones(amounts, dtype=bool)
        for other in range(line - 1, -1, -1):  # those that are on the envelope so far, the last one first
            there = waiting & ~np.isnan(starts[other])
            start = _crossings(at_zero[line] - at_zero[other], slope[other] - slope[line])
            above = there & ((start > starts[other]) | (other == 0))
            starts[line] = np.where(above, start, starts[line])
            starts[other] = np.where(there & ~above, np.nan, starts[other])
            waiting &= ~above
    return starts


def _crossings(higher_by: NDArray[np.float64], gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """`_crossing` of many."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(gains > 0, higher_by / gains, np.where(higher_by >= 0, math.inf, NOWHERE))


def _add_line(
    envelope: list[tuple[str, float, float, float]], outcome: str, at_zero: float, slope: float
) -> None:
    """Add the line of a more severe outcome, which is no steeper, to a lower envelope in order of p."""
    while True:
        _, other_at_zero, other_slope, other_start = envelope[-1]
        start = _crossing(at_zero - other_at_zero, other_slope - slope)
        if start > other_start or len(envelope) == 1:
            envelope.append((outcome, at_zero, slope, start))
            return
        envelope.pop()


def _crossing(higher_by: float, gains: float) -> float:
    """The p from which a line that starts `higher_by` above another one and gains on it is below it."""
    if gains > 0:
        return higher_by / gains
    return math.inf if higher_by >= 0 else NOWHERE


def _filled(outcomes: Sequence[str], starts: Mapping[str, float]) -> dict[str, float]:
    """Thresholds from 0 to NEVER, the mildest outcome first; those without a start take the next one's."""
    found: dict[str, float] = {}
    threshold = NEVER
    for outcome in reversed(outcomes):
        start = starts.get(outcome, threshold)
        threshold = NEVER if start > 1.0 else max(start, 0.0)
        found[outcome] = threshold
    return {outcome: found[outcome] for outcome in outcomes}
