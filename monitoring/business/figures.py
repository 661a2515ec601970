"""What decisions led to, in events and money: sums of days, and the rates and costs that follow. Pure."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, NamedTuple

from scoring.intervals import wilson_interval
from scoring.rules.policies.costs import Costs

MIN_EXPLORED: Final = 20  # events; of fewer, nothing is estimated
REVIEW: Final = "review"
HOUR_SECONDS: Final = 3_600


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Sums over the events decided on a day; money in minor units of the base currency.

    Fraud was `stopped` if it was blocked, or if a reviewer found it before it was allowed; otherwise it got
    `through`. `blocked_good`: blocks whose label says that they were wrong; `blocked_unknown`: those without
    a label. `explored`: would-be blocks that exploration let through; their `weight` is the number of blocks
    that they stand for. `verdicts`: first verdicts that reviewers gave on the day. `timed_verdicts`: of all
    verdicts, second reviews included, those whose time is known; together they took `review_seconds`, and the
    first verdicts among them found fraud of `timed_fraud_stake`.
    """

    decided: int = 0
    stake: int = 0
    allowed: int = 0
    allowed_stake: int = 0
    reviewed: int = 0
    blocked: int = 0
    blocked_stake: int = 0
    fraud_through: int = 0
    fraud_through_stake: int = 0
    fraud_stopped: int = 0
    fraud_stopped_stake: int = 0
    fraud_blocked: int = 0
    blocked_good: int = 0
    blocked_good_stake: int = 0
    blocked_unknown: int = 0
    blocked_unknown_stake: int = 0
    explored: int = 0
    explored_fraud: int = 0
    explored_weight: float = 0.0
    explored_fraud_weight: float = 0.0
    verdicts: int = 0
    verdicts_fraud: int = 0
    verdicts_fraud_stake: int = 0
    timed_verdicts: int = 0
    timed_fraud_stake: int = 0
    review_seconds: float = 0.0

    def as_data(self) -> dict[str, Any]:
        """The figures that are not 0."""
        return {name: value for name, value in asdict(self).items() if value}


def sum_figures(days: Iterable[DayFigures]) -> DayFigures:
    """The sums of several days, or segments."""
    days = list(days)
    return DayFigures(
        **{each.name: sum(getattr(day, each.name) for day in days) for each in fields(DayFigures)}
    )


class Estimate(NamedTuple):
    """A value with its interval. `value` is None if only the bounds are known."""

    value: float | None
    low: float
    high: float


def share(hits: int, events: int) -> Estimate | None:
    """A share with its Wilson interval (95 %); None without events."""
    return Estimate(hits / events, *wilson_interval(hits, events)) if events else None


def approval_rate(figures: DayFigures) -> Estimate | None:
    """The share of decisions that allow the event at once."""
    return share(figures.allowed, figures.decided)


def block_share(figures: DayFigures) -> Estimate | None:
    return share(figures.blocked, figures.decided)


def good_share_of_blocks(figures: DayFigures) -> Estimate | None:
    """The share of unlabeled blocks that were wrong, from explored events; None if those are too few.

    Weighted by the blocks that each stands for; the interval is that of as many equal weights. Meaningful for
    days whose labels are mature: until then every explored event without a label counts as good.
    """
    if figures.explored < MIN_EXPLORED or not figures.explored_weight:
        return None
    good = 1 - figures.explored_fraud_weight / figures.explored_weight
    low, high = wilson_interval(good * figures.explored, figures.explored)
    return Estimate(good, low, high)


def insult_rate(figures: DayFigures) -> Estimate | None:
    """The share of good events that were blocked; None without good events.

    Blocks without a label are good in the share that exploration shows. Without exploration nothing shows it:
    then only bounds are known, that of labels alone and that of no such block having been fraud.
    """
    through = figures.decided - figures.blocked
    good_through = through - figures.fraud_through - (figures.fraud_stopped - figures.fraud_blocked)
    found = good_share_of_blocks(figures)
    if good_through + figures.blocked_good + figures.blocked_unknown <= 0:
        return None

    def rate(good_of_unknown: float) -> float:
        blocked = figures.blocked_good + good_of_unknown * figures.blocked_unknown
        return blocked / (good_through + blocked) if good_through + blocked > 0 else 0.0

    if not figures.blocked_unknown:
        return share(figures.blocked_good, good_through + figures.blocked_good)
    if found is None:
        return Estimate(None, rate(0.0), rate(1.0))
    return Estimate(rate(found.value or 0.0), rate(found.low), rate(found.high))


def avoided(figures: DayFigures) -> Estimate:
    """The money of stopped fraud: what labels confirm, and of unlabeled blocks what exploration shows."""
    known, unknown = float(figures.fraud_stopped_stake), figures.blocked_unknown_stake
    found = good_share_of_blocks(figures)
    if found is None:
        return Estimate(known if not unknown else None, known, known + unknown)
    return Estimate(
        known + (1 - (found.value or 0.0)) * unknown,
        known + (1 - found.high) * unknown,
        known + (1 - found.low) * unknown,
    )


def yield_per_hour(figures: DayFigures) -> float | None:
    """The money of fraud that reviewers found in an hour of review, in minor units; None without a time."""
    hours = figures.review_seconds / HOUR_SECONDS
    return figures.timed_fraud_stake / hours if hours else None


@dataclass(frozen=True, slots=True)
class CostFigures:
    """What decisions cost by the costs of the policy, in minor units. `insults`: of known wrong blocks."""

    fraud: float
    insults: float
    reviews: float

    @property
    def total(self) -> float:
        return self.fraud + self.insults + self.reviews


def costs_of(figures: DayFigures, costs: Costs) -> CostFigures:
    """Costs are linear in the amount, so those of sums are the sums of costs."""
    a_review = next((action.cost for action in costs.actions if action.outcome == REVIEW), 0)
    return CostFigures(
        fraud=costs.loss_share * figures.fraud_through_stake + costs.chargeback_fee * figures.fraud_through,
        insults=costs.margin * figures.blocked_good_stake + costs.insult * figures.blocked_good,
        reviews=float(a_review * figures.verdicts),
    )
