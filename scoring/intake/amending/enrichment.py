"""Enrich an event: the same payload, with what its media gave once they were processed.

The lane treats it like a correction: it undoes the version before, applies the enriched one and decides it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from scoring.intake.amending.appending import append_amendment
from scoring.intake.answers import current_version, retraction_in
from scoring.lanes.amendments import ENRICHED
from scoring.log.read import read_stream
from scoring.log.retry import append_retrying

# What an amendment says of itself, rather than of the event.
_OF_AMENDMENT = ("changed", "reason", "dropped", "withdrawn", "awaited", "enriches", "enriched")

# From the data of a version to that of the same version with what is known now.
Enrich = Callable[[Mapping[str, Any]], dict[str, Any]]


def enrich_event(stream_name: str, *, version: int, enrich: Enrich, now: datetime) -> bool:
    """Append the enriched version of an event, unless the version at this position is no longer current.

    Returns whether it was appended. Raises EventStillHistory while the event's history is being loaded.
    """

    def append() -> bool:
        stream = read_stream(stream_name)
        held = current_version(stream)
        if held.position != version or retraction_in(stream):
            return False
        before = {name: value for name, value in held.data.items() if name not in _OF_AMENDMENT}
        enriched = enrich(before)
        data = {
            **enriched,
            "event_position": stream[0].position,
            "version": held.data.get("version", 1),
            "enriches": held.position,
            "enriched": gained(before, enriched),
        }
        append_amendment(stream, ENRICHED, data, now=now)
        return True

    # The event may be decided, corrected or retracted meanwhile.
    return append_retrying(append)


def gained(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of the fields and signals that differ between two versions."""
    return sorted(
        name
        for part in ("fields", "signals")
        for name in before.get(part, {}).keys() | after.get(part, {}).keys()
        if before.get(part, {}).get(name) != after.get(part, {}).get(name)
    )
