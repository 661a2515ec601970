"""Artificial entries as claimed by a lane."""

from collections.abc import Mapping
from typing import Any

from scoring.lanes.claiming import Claim
from tests.factories.log import NOW


def claim(event: Mapping[str, Any], *, stream: str, position: int = 10, **changes: Any) -> Claim:
    """The claim of an event received at `position`; `event` is the data of its receipt."""
    return Claim(
        **{
            "position": position,
            "kind": "event",
            "urgent": False,
            "event_stream": stream,
            "wake_token": None,
            "data": event,
            "event_position": position,
            "event": event,
            "event_version": position,
            "received_at": NOW,
            "stream_version": 1,
            "decisions": 0,
            "amended": False,
            "routes": "",
            "ruleset": 0,
            **changes,
        }
    )
