"""Which event types lists and rules decide alone, without a model: a pure fold of the ruleset."""

from collections.abc import Mapping
from typing import Any, Final

CHANGED: Final = "rules_only.changed"
RULES_ONLY: Final = "rules_only"  # the cause of a decision that no model was asked for


def fold_rules_only(event_types: frozenset[str], entry_type: str, data: Mapping[str, Any]) -> frozenset[str]:
    """The event types that are decided by rules only after an entry of the ruleset."""
    if entry_type != CHANGED:
        return event_types
    changed = frozenset({data["event_type"]})
    return event_types | changed if data["on"] else event_types - changed
