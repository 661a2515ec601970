"""What a version of the ruleset configures for one event type, ready to decide."""

from dataclasses import dataclass

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
    for a type whose events have no files.
    """

    version: int
    kind: type[EventType]
    lists: ListIndex
    rules: LiveRules
    policy: LivePolicy | None
    exploration: Exploration | None
    breaker: BreakerSettings
    banks: BankIndex = NO_BANKS

    @property
    def features(self) -> tuple[str, ...]:
        """The features that rules and policy read."""
        return (*self.rules.features, *(self.policy.features if self.policy else ()))
