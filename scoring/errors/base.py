"""What every error of scoring is."""


class ScoringError(Exception):
    """Base of everything scoring refuses to do."""
