"""Errors of this room. Each says what happened and carries the record it concerns."""

from scoring.errors import ScoringError


class RulesOnlyUnchanged(ScoringError):
    """The switch of an event type is already where it should go."""

    def __init__(self, event_type: str, *, on: bool) -> None:
        state = "is already decided by rules only" if on else "is already decided by its models"
        super().__init__(f"{event_type} {state}")
        self.event_type, self.on = event_type, on


class NoModelToSwitchOff(ScoringError):
    """No model decides the event type, so there is nothing to switch off."""

    def __init__(self, event_type: str) -> None:
        super().__init__(f"no model decides {event_type} yet, so rules and policy decide it already")
        self.event_type = event_type
