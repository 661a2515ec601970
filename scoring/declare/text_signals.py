"""What is known of a text when only its digest is left."""

# What each is, to the character: `scoring.catalog.text_signals`.
SIGNALS = ("length", "words", "links", "capitals", "digits", "symbols", "longest_run")


def signal_column(field: str, signal: str) -> str:
    """Under which name events carry the signal of a field."""
    return f"{field}.{signal}"
