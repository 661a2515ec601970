"""What a version of the ruleset configures for one event type, ready to decide."""

from dataclasses import dataclass, field

from scoring.catalog.event_type import EventType
from scoring.rules.banks.search.index import NO_BANKS, BankIndex
from scoring.rules.breaker.settings import BreakerSettings
from scoring.rules.deciding.live_rules import LiveRules
from scoring.rules.exploration.settings import Exploration
from scoring.rules.lists.index import ListIndex
from scoring.rules.policies.segments import LivePolicy


@dataclass(frozen=True, slots=True, eq=False)
class Configuration:
    """The configuration of an event type at `version` of the ruleset.

    `policy`: None while the thresholds of models decide. `exploration`: None if it is off. `banks`: none
    for a type whose events have no files. `rules_only`: no model is asked.
    """

    version: int
    kind: type[EventType]
    lists: ListIndex
    rules: LiveRules
    policy: LivePolicy | None
    exploration: Exploration | None
    breaker: BreakerSettings
    banks: BankIndex = NO_BANKS
    rules_only: bool = False
    features: tuple[str, ...] = field(init=False)  # those that rules and policy read

    def __post_init__(self) -> None:
        of_policy = self.policy.features if self.policy else ()
        object.__setattr__(self, "features", (*self.rules.features, *of_policy))
