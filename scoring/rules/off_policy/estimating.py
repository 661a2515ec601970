"""What a policy would do, estimated from the decisions of another one. Pure.

The class of an event is revealed with a known propensity (`revealing`), and says what each outcome would have
been worth. Three estimators of the mean of f(class, outcome); r = 1 for a revealed class, e its propensity:

- inverse propensity scoring (Horvitz & Thompson, 1952): the mean of r / e * f;
- self-normalized (Swaminathan & Joachims, 2015): the sum of r / e * f by the sum of r / e;
- doubly robust (Robins, Rotnitzky & Zhao, 1994; Dudik, Langford & Li, 2011): the mean of q + r / e * (f - q),
  where q is f as the calibrated score expects it.

They are those of a contextual bandit whose evaluated action is to reveal. The doubly robust one is shown
first: with right propensities it has no bias whatever the scores, and less variance the better they are.

Where nothing could reveal the class (e = 0) no estimator knows. The first two leave such events out, the
third takes the score, and its interval reaches from "all of them are good" to "all of them are fraud" (the
bounds of Manski, 1989).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from scoring.rules.off_policy.formulas import Formula, Ratio, Unit, formulas_of
from scoring.rules.off_policy.intervals import quantile, rate_interval, share_interval
from scoring.rules.off_policy.sums import AFTER, BEFORE, Sums


@dataclass(frozen=True)
class Estimate:
    """The doubly robust estimate with its 95 % interval, and the other estimators; None without events.

    `effective`: how many equally weighted events with a known class it rests on.
    """

    value: float | None
    low: float
    high: float
    ips: float | None
    snips: float | None
    direct: float | None
    effective: float


@dataclass(frozen=True)
class Figure:
    """A figure under both policies: a share, or events or minor units a day.

    `difference`: (value, low, high) of after minus before; None if it depends on events whose class nothing
    could show, or without events.
    """

    name: str
    unit: Unit
    before: Estimate
    after: Estimate
    difference: tuple[float, float, float] | None

    def as_data(self) -> dict[str, Any]:
        parts = {"before": asdict(self.before), "after": asdict(self.after)}
        return {"name": self.name, "unit": self.unit, **parts, "difference": self.difference}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Figure":
        before, after = Estimate(**data["before"]), Estimate(**data["after"])
        found = data["difference"]
        return cls(
            data["name"], data["unit"], before, after, (found[0], found[1], found[2]) if found else None
        )


@dataclass(frozen=True)
class OffPolicyResult:
    """The figures of a policy, and what they rest on; empty without events.

    `events`: how many are decided and mature, and `days`: that they cover. `explored`: those that exploration
    let through. `unknown`: those whose class nothing could show, and `moved`: those of them to which the
    policies give different outcomes.
    """

    figures: Sequence[Figure] = ()
    events: float = 0.0
    explored: int = 0
    unknown: float = 0.0
    moved: float = 0.0
    days: float = 1.0

    def as_data(self) -> dict[str, Any]:
        return {**asdict(self), "figures": [each.as_data() for each in self.figures]}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "OffPolicyResult":
        return cls(**{**data, "figures": [Figure.of(each) for each in data["figures"]]})


def estimate_policy(sums: Sums, *, outcomes: Sequence[str], days: float) -> OffPolicyResult:
    """Shares of outcomes, precision and recall of blocks, and fraud, money and costs a day of both policies,
    over the `days` that the events cover.
    """
    if not sums.events:
        return OffPolicyResult()
    pairs = zip(*(formulas_of(sums, policy, outcomes, days) for policy in (BEFORE, AFTER)), strict=True)
    return OffPolicyResult(
        figures=[_figure(sums, before, after) for before, after in pairs],
        events=sums.total({"all": 1.0}),
        explored=sums.explored,
        unknown=sums.total({"unknown": 1.0}),
        moved=sums.total({"moved.unknown": 1.0}),
        days=days,
    )


def _figure(sums: Sums, before: Formula, after: Formula) -> Figure:
    first, second = _estimate(sums, before), _estimate(sums, after)
    return Figure(before.name, before.unit, first, second, _difference(sums, before, after))


def _estimate(sums: Sums, formula: Formula) -> Estimate:
    value = _value(sums, formula.robust, formula.per)
    if value is not None:
        value = min(max(value, 0.0), 1.0 if formula.unit == "share" else math.inf)
    effective = sums.effective(formula.basis)
    low, high = (
        _interval(sums, formula, ratio, effective)[end]
        for end, ratio in ((0, formula.low), (1, formula.high))
    )
    return Estimate(
        value=value,
        low=low,
        high=high,
        ips=_value(sums, formula.ips, formula.per),
        snips=_value(sums, formula.snips, formula.per_known),
        direct=_value(sums, formula.direct, formula.per),
        effective=effective,
    )


def _value(sums: Sums, ratio: Ratio, per: float) -> float | None:
    below = sums.total(ratio[1])
    return per * sums.total(ratio[0]) / below if below > 0 else None


def _interval(sums: Sums, formula: Formula, ratio: Ratio, effective: float) -> tuple[float, float]:
    value = _value(sums, ratio, formula.per)
    if value is None:
        return 0.0, 1.0
    variance = sums.variance(ratio) * formula.per**2
    if formula.unit == "share":
        return share_interval(value, variance, effective)
    return rate_interval(value, variance, effective)


def _difference(sums: Sums, before: Formula, after: Formula) -> tuple[float, float, float] | None:
    values = [_value(sums, each.robust, each.per) for each in (after, before)]
    if values[0] is None or values[1] is None or sums.total(before.undecided) > 0:
        return None
    variance = sums.variance(after.robust, before.robust) * before.per**2
    bases = [after.moved] if after.moved else [before.basis, after.basis]
    effective = min(map(sums.effective, bases))
    half, change = quantile(effective) * math.sqrt(max(variance, 0.0)), values[0] - values[1]
    return change, change - half, change + half
