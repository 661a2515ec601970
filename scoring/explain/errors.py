"""Errors of explanations."""

from scoring.errors import ScoringError


class NotTabulated(ScoringError):
    """This model's explanations cannot be put into tables; the text says why."""
