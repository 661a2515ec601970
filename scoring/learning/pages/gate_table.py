"""The gate's checks and the missing comparison with a champion, as they hold now."""

from typing import Any

from scoring.learning.gates.checks import no_champion_then
from scoring.registry.models import ModelVersion


def check_rows(version: ModelVersion) -> list[dict[str, Any]]:
    """The checks as stored, with sentences that are true now."""
    return [
        {**check, "sentence": as_of_training(check["sentence"], version.event_type)}
        for check in version.checks
    ]


def why_not_compared(version: ModelVersion) -> str:
    """Why the version was not compared with a champion; "" if it was."""
    return as_of_training(version.comparison.get("why_not", ""), version.event_type)


def as_of_training(text: str, event_type: str) -> str:
    """What early versions stored in the present tense, in the past tense: later a model did decide."""
    return text.replace(f"no model decides {event_type} yet", no_champion_then(event_type))
