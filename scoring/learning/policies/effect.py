"""What a policy would make of judged events: outcomes, and their counts, money and costs a day. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.learning.policies.judged import JudgedEvents, ScoredEvents
from scoring.rules.off_policy.sums import PairedCosts
from scoring.rules.policies.costs import NEVER, Costs, cheapest_thresholds_of
from scoring.rules.policies.policy import Policy, Terms
from scoring.rules.policies.thresholds import terms_thresholds

ALLOW, REVIEW, BLOCK = "allow", "review", "block"
NO_SEGMENT = -1


@dataclass(frozen=True)
class OutcomeEffect:
    """One outcome: events and fraud a day, and the money of both, in minor units a day."""

    events: float
    fraud: float
    money: float
    fraud_money: float

    @property
    def good(self) -> float:
        """Good events a day."""
        return self.events - self.fraud

    @property
    def good_money(self) -> float:
        return self.money - self.fraud_money

    @property
    def precision(self) -> float | None:
        """The share of fraud among the events; None without events."""
        return self.fraud / self.events if self.events > 0 else None


@dataclass(frozen=True)
class Effect:
    """The effect of a policy by outcome, the mildest first. `cost`: minor units a day, if costs are known."""

    by_outcome: Mapping[str, OutcomeEffect]
    cost: float | None = None

    @property
    def fraud(self) -> float:
        return sum(each.fraud for each in self.by_outcome.values())

    @property
    def events(self) -> float:
        return sum(each.events for each in self.by_outcome.values())

    @property
    def block(self) -> OutcomeEffect:
        return self.by_outcome[BLOCK]

    @property
    def reviews(self) -> float:
        """Cases a day."""
        return self.by_outcome[REVIEW].events

    @property
    def recall(self) -> float | None:
        """The share of fraud that is blocked; None without fraud."""
        return self.block.fraud / self.fraud if self.fraud else None

    @property
    def stopped(self) -> float | None:
        """The share of fraud that is not simply allowed."""
        return 1 - self.by_outcome[ALLOW].fraud / self.fraud if self.fraud else None

    @property
    def caught(self) -> float:
        """The fraud that is not simply allowed, in minor units a day."""
        return sum(each.fraud_money for name, each in self.by_outcome.items() if name != ALLOW)

    @property
    def lost(self) -> float:
        """The fraud that is allowed, in minor units a day."""
        return self.by_outcome[ALLOW].fraud_money


def outcomes_under(
    policy: Policy,
    events: ScoredEvents,
    *,
    of_model: Mapping[str, float],
    outcomes: Sequence[str],
    segments: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """The place in `outcomes` of each event's outcome, int64[n].

    `segments` int64[n]: the place of each event's segment in the policy, NO_SEGMENT for none.
    """
    found = np.zeros(len(events.score), dtype=np.int64)
    inside = np.full(len(found), NO_SEGMENT) if segments is None else segments
    for place, (segment, terms) in enumerate(policy.all_terms()):
        rows = np.flatnonzero(inside == (place if segment else NO_SEGMENT))
        found[rows] = terms_outcomes(
            terms, score=events.score[rows], stake=events.stake[rows], of_model=of_model, outcomes=outcomes
        )
    return found


def terms_outcomes(
    terms: Terms,
    *,
    score: NDArray[np.float64],
    stake: NDArray[np.int64],
    of_model: Mapping[str, float],
    outcomes: Sequence[str],
) -> NDArray[np.int64]:
    """As `outcomes_under`, for terms alone. Thresholds are those that live decisions get."""
    found = np.zeros(len(score), dtype=np.int64)
    thresholds: Mapping[str, float | NDArray[np.float64]] = (
        cheapest_thresholds_of(terms.costs, stake)
        if terms.costs is not None
        else terms_thresholds(terms, stake=0, of_model=of_model)
    )
    for severity, outcome in enumerate(outcomes[1:], start=1):
        found = np.where(score >= thresholds.get(outcome, NEVER), severity, found)
    return found


def measure_effect(
    events: JudgedEvents,
    given: NDArray[np.int64],
    *,
    outcomes: Sequence[str],
    costs: Costs | None = None,
    rows: NDArray[np.bool_] | None = None,
) -> Effect:
    """The effect of outcomes that were `given` (places in `outcomes`), on all events or on some `rows`."""
    weight = events.weight if rows is None else events.weight * rows
    by_outcome = {
        outcome: _outcome_effect(events, weight * (given == place)) for place, outcome in enumerate(outcomes)
    }
    cost = None
    if costs is not None:
        cost = float((expected_costs(events, given, outcomes, costs) * weight).sum()) / events.days
    return Effect(by_outcome, cost)


def _outcome_effect(events: JudgedEvents, weight: NDArray[np.float64]) -> OutcomeEffect:
    fraud = weight * events.positive
    return OutcomeEffect(
        events=float(weight.sum()) / events.days,
        fraud=float(fraud.sum()) / events.days,
        money=float((weight * events.stake).sum()) / events.days,
        fraud_money=float((fraud * events.stake).sum()) / events.days,
    )


def expected_costs(
    events: JudgedEvents, given: NDArray[np.int64], outcomes: Sequence[str], costs: Costs
) -> NDArray[np.float64]:
    """What each event's outcome costs, now that its class is known, float64[n] in minor units."""
    if_class = costs_by_class(events.stake, given, outcomes, costs)
    return np.where(events.positive, if_class.fraud, if_class.good)


def costs_by_class(
    stake: NDArray[np.int64], given: NDArray[np.int64], outcomes: Sequence[str], costs: Costs
) -> PairedCosts:
    """What each event's outcome costs if the event is good, and if it is fraud."""
    amount = np.maximum(stake, 0)
    loss = costs.loss_share * amount + costs.chargeback_fee
    insult = costs.margin * amount + costs.insult
    effects = {ALLOW: (0, 0.0, 0.0), BLOCK: (0, 1.0, 1.0)}
    effects |= {each.outcome: (each.cost, each.catches, each.loses) for each in costs.actions}
    # An outcome that the costs do not know is taken for a review that costs nothing and catches nothing.
    fixed, catches, loses = (
        np.array([effects.get(outcome, effects[ALLOW])[part] for outcome in outcomes])[given]
        for part in range(3)
    )
    return PairedCosts(good=fixed + loses * insult, fraud=fixed + (1 - catches) * loss)
