"""Hold content until its media are processed: its outcome is at least the one that its receipt names."""

from collections.abc import Mapping, Sequence
from typing import Any


def hold_for_media(
    decided: Mapping[str, Any], event: Mapping[str, Any], *, outcomes: Sequence[str]
) -> dict[str, Any]:
    """What was decided on an event, held if its receipt says so: then `held` says in place of what.

    `outcomes`: those of the event type, by severity. An allow list lets the event through at once.
    """
    held = event.get("held", "")
    outcome = decided["outcome"]
    is_allowed = decided.get("decided_by") == "list" and outcome == outcomes[0]
    if not held or is_allowed or outcomes.index(held) <= outcomes.index(outcome):
        return dict(decided)
    pending = [each["id"] for each in event["media"] if each["status"] == "pending"]
    return {**decided, "outcome": held, "held": {"outcome": held, "in_place_of": outcome, "media": pending}}
