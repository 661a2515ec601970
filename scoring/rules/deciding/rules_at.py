"""The compiled rules of any version of the ruleset, for processes that decide single events or past ones."""

from functools import lru_cache

from scoring.catalog.registry import event_type as find_event_type
from scoring.rules.deciding.live_rules import LiveRules, compile_rules
from scoring.rules.deciding.ruleset import position_of, ruleset_at

KEPT = 64  # compiled rules of a version and an event type


def rules_at(version: int, event_type: str) -> LiveRules:
    """The live rules of an event type as of a version of the ruleset; those that were asked for are kept."""
    return _rules_at(version, position_of(version), event_type)


@lru_cache(maxsize=KEPT)
def _rules_at(version: int, position: int, event_type: str) -> LiveRules:
    return compile_rules(find_event_type(event_type), ruleset_at(version).rules.live(event_type))
