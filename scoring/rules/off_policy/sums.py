"""Sums over logged events from which all estimates follow, in one pass and bounded memory. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.rules.off_policy.revealing import Floats, LoggedEvents

Places = NDArray[np.int64]
Terms = Mapping[str, float]  # columns and their factors: a linear combination
BEFORE, AFTER = "before", "after"  # the policy in use, and the one that is tried


@dataclass(frozen=True)
class PairedCosts:
    """What an outcome costs an event if it is good and if it is fraud, float64[n] in minor units."""

    good: Floats
    fraud: Floats


@dataclass(frozen=True)
class GivenOutcomes:
    """The outcomes that a policy gives to events: places in the event type's outcomes, int64[n]."""

    places: Places
    costs: PairedCosts | None = None


class Sums:
    """Weighted totals of columns, and of all their products: a column says one thing of each event.

    `events`: how many were added, `explored`: those that exploration let through. The columns of the policies
    begin with "before." and "after.".
    """

    def __init__(self, outcomes: Sequence[str]) -> None:
        self._outcomes = tuple(outcomes)
        self._names: dict[str, int] = {}
        self._totals = np.zeros(0)
        self._products = np.zeros((0, 0))
        self.events = self.explored = 0

    def add(self, events: LoggedEvents, *, before: GivenOutcomes, after: GivenOutcomes) -> None:
        """Add events with the outcomes that both policies give to them."""
        columns = _of_events(events)
        columns |= self._of_moves(events, before.places, after.places)
        for name, given in ((BEFORE, before), (AFTER, after)):
            columns |= {f"{name}.{key}": each for key, each in self._of_policy(events, given).items()}
        if not self._names:
            self._names = {name: place for place, name in enumerate(columns)}
            self._totals = np.zeros(len(columns))
            self._products = np.zeros((len(columns), len(columns)))
        weighted = np.stack([columns[name] for name in self._names]) * events.weight
        self._totals += weighted.sum(axis=1)
        self._products += weighted @ weighted.T
        self.events += len(events)
        self.explored += int(events.explored.sum())

    def total(self, terms: Terms) -> float:
        return float(self._vector(terms) @ self._totals)

    def effective(self, terms: Terms) -> float:
        """How many equally weighted events a sum of non-negative terms is of (Kish 1965)."""
        vector = self._vector(terms)
        squares = float(vector @ self._products @ vector)
        return self.total(terms) ** 2 / squares if squares > 0 else 0.0

    def variance(self, *ratios: tuple[Terms, Terms]) -> float:
        """The variance of a ratio of totals, or of the first minus the second, by Taylor linearization.

        (Särndal, Swensson & Wretman, Model Assisted Survey Sampling, 1992, section 5.5)
        """
        gradient = np.zeros(len(self._totals))
        for sign, (above, below) in zip((1.0, -1.0), ratios, strict=False):
            share = self.total(above) / self.total(below)
            gradient += sign * (self._vector(above) - share * self._vector(below)) / self.total(below)
        correction = self.events / max(self.events - 1, 1)
        return float(gradient @ self._products @ gradient) * correction

    def has(self, column: str) -> bool:
        return column in self._names

    def _vector(self, terms: Terms) -> Floats:
        vector = np.zeros(len(self._totals))
        for name, factor in terms.items():
            vector[self._names[name]] += factor
        return vector

    def _of_moves(self, events: LoggedEvents, before: Places, after: Places) -> dict[str, Floats]:
        """The columns of what the policies treat differently: known fraud that is allowed or not, good events
        that are blocked or not, and any known or unknown event.
        """
        block, known = len(self._outcomes) - 1, events.inverse
        moved, allowed = before != after, (before == 0) != (after == 0)
        fraud = known * events.positive * allowed
        good = known * ~events.positive * ((before == block) != (after == block))
        return {
            "moved.unknown": (events.unsupported & moved).astype(np.float64),
            "moved.known": np.where(moved, known, 0.0),
            "moved.fraud": fraud,
            "moved.fraud.money": fraud * events.stake,
            "moved.good.money": good * events.stake,
        }

    def _of_policy(self, events: LoggedEvents, given: GivenOutcomes) -> dict[str, Floats]:
        """The columns of a policy: which outcomes it gives, and what of each class."""
        masks = {name: (given.places == place) * 1.0 for place, name in enumerate(self._outcomes)}
        found = {f"is_{name}": mask for name, mask in masks.items()}
        ends = {"allow": masks[self._outcomes[0]], "block": masks[self._outcomes[-1]]}
        for end, mask in ends.items():
            for name, values in _of_fraud(events).items():
                found[f"{end}.{name}"] = values * mask
                found[f"{end}.{name}.money"] = values * mask * events.stake
        found["block.money"] = ends["block"] * events.stake
        found["block.weighted.money"] = ends["block"] * events.inverse * events.stake
        if given.costs is not None:
            found |= _of_costs(events, given.costs)
        return found


def _of_events(events: LoggedEvents) -> dict[str, Floats]:
    return {
        "all": np.ones(len(events)),
        "supported": (~events.unsupported).astype(np.float64),
        **_of_fraud(events),
    }


def _of_fraud(events: LoggedEvents) -> dict[str, Floats]:
    """What each estimator takes for the probability that an event is fraud, and what it is based on.

    `robust`: doubly robust, by the score alone where nothing could show the class. `unknown`, and `scored`
    for its part of `robust`: of events whose class nothing could show.
    """
    inverse, unknown = events.inverse, events.unsupported.astype(np.float64)
    return {
        "robust": events.score + inverse * (events.positive - events.score),
        "fraud": np.where(events.positive, inverse, 0.0),
        "weighted": inverse,
        "direct": events.score,
        "unknown": unknown,
        "scored": unknown * events.score,
    }


def _of_costs(events: LoggedEvents, costs: PairedCosts) -> dict[str, Floats]:
    more, unknown = costs.fraud - costs.good, events.unsupported.astype(np.float64)
    fraud = _of_fraud(events)
    low, high = np.minimum(costs.good, costs.fraud), np.maximum(costs.good, costs.fraud)
    expected = costs.good + events.score * more
    return {
        "cost.robust": costs.good + fraud["robust"] * more,
        "cost.fraud": events.inverse * np.where(events.positive, costs.fraud, costs.good),
        "cost.direct": expected,
        "cost.lower": unknown * (low - expected),
        "cost.upper": unknown * (high - expected),
    }
