"""What a version of the ruleset configures for one event type, ready to decide."""

from dataclasses import dataclass

from scoring.catalog.event_type import EventType
from scoring.rules.breaker.settings import BreakerSettings
from scoring.rules.deciding.live_rules import LiveRules
from scoring.rules.exploration.settings import Exploration
from scoring.rules.lists.index import ListIndex


@dataclass(frozen=True, slots=True, eq=False)
class Configuration:
    """The configuration of an event type at `version` of the ruleset. `exploration`: None if it is off."""

    version: int
    kind: type[EventType]
    lists: ListIndex
    rules: LiveRules
    exploration: Exploration | None
    breaker: BreakerSettings
