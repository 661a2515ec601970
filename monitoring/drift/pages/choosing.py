"""The features that the drift page shows: filters and sort orders."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.drift.distance import State
from monitoring.drift.report import FeatureDrift

MIN_MISSING = 0.05  # a change of the missing share that counts
_EXPLAINED = (State.ORDINARY, State.CHANCE)

STATES: Mapping[str, tuple[str, Callable[[FeatureDrift], bool]]] = {
    "drifted": ("drifted", lambda each: each.drift.state.has_moved),
    "ordinary": ("within ordinary days or chance", lambda each: each.drift.state in _EXPLAINED),
    "missing": ("missing more or less often", lambda each: abs(each.more_missing) >= MIN_MISSING),
    "not_compared": ("not compared", lambda each: not each.compared),
}
# Sort order -> its name and the key; the most relevant first.
ORDERS: Mapping[str, tuple[str, Callable[[FeatureDrift], Any]]] = {
    "effect": ("largest effect", lambda each: -(each.effect or 0.0)),
    "psi": ("largest PSI", lambda each: -(each.drift.psi if each.compared else -1.0)),
    "share": ("largest share of explanations", lambda each: -(each.share or 0.0)),
    "missing": ("largest change of missing values", lambda each: -abs(each.more_missing)),
    "name": ("name", lambda each: each.name),
}
DEFAULT_ORDER = "effect"


@dataclass(frozen=True)
class FeatureChoice:
    """Words in the name, a state (a key of STATES, "" for all) and an order (a key of ORDERS)."""

    text: str = ""
    state: str = ""
    sort: str = DEFAULT_ORDER

    @property
    def narrows(self) -> bool:
        return bool(self.text or self.state)


def choose(features: Sequence[FeatureDrift], choice: FeatureChoice) -> list[FeatureDrift]:
    """The matching features in the chosen order; equal ones in the order given."""
    words = choice.text.lower().split()
    found = [
        each
        for each in features
        if all(word in each.name.lower() for word in words)
        and (choice.state not in STATES or STATES[choice.state][1](each))
    ]
    return sorted(found, key=ORDERS.get(choice.sort, ORDERS[DEFAULT_ORDER])[1])
