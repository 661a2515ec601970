"""Errors of the actions of alerts."""

from scoring.errors import ScoringError


class ActionNotPossible(ScoringError):
    """Nothing was done, for a reason that the action found itself."""
