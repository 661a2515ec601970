"""Domain errors of scoring. Each says what happened and carries the record it concerns.

They become HTTP responses once, in `config.errors`.
"""


class ScoringError(Exception):
    """Base of everything scoring refuses to do."""
