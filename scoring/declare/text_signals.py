"""Text signals: what is still known of a text when only its digest is stored."""

# `scoring.catalog.text_signals` defines each of them.
SIGNALS = ("length", "words", "links", "capitals", "digits", "symbols", "longest_run")


def signal_column(field: str, signal: str) -> str:
    """The name under which events carry the signal of a field."""
    return f"{field}.{signal}"
