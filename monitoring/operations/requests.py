"""Requests and list items that were refused, by status and reason. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from scoring.signals.telemetry import Series

# What to do about each status.
REMEDIES = {
    "401": "The sender's API key is missing, unknown, revoked or expired.",
    "403": "The sender's API key lacks the scope that this address needs.",
    "404": "The sender asks for something that does not exist.",
    "409": "The sender sent another payload under an id that it had used: each event needs an id of its own.",
    "422": "The sender's payload does not fit the event type. Ask what changed; the answer names each field.",
    "429": "The lane is too far behind, so the sender has to slow down.",
    "503": "Something that receiving needs could not be reached; /readyz says what.",
}


@dataclass(frozen=True)
class Refused:
    """How often requests or list items were answered with a status for a reason, lately and in an hour."""

    status: str
    reason: str
    recent: int
    hour: int

    @property
    def remedy(self) -> str:
        return REMEDIES.get(self.status, "")


def refused_requests(recent: Mapping[Series, float], hour: Mapping[Series, float]) -> list[Refused]:
    """Everything that was refused within the hour, the most frequent first."""
    now, before = _by_reason(recent), _by_reason(hour)
    found = [
        Refused(status, reason, round(now.get((status, reason), 0)), round(count))
        for (status, reason), count in before.items()
    ]
    return sorted(found, key=lambda each: (-each.recent, -each.hour, each.status, each.reason))


def accepted_items(counts: Mapping[Series, float]) -> int:
    """How many events were received."""
    return round(counts.get(("events", "append"), 0.0))


def _by_reason(counts: Mapping[Series, float]) -> dict[tuple[str, str], float]:
    return {(series[1], series[2]): count for series, count in counts.items() if series[0] == "problem"}
