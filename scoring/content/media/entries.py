"""The entries of the stream of an uploaded file."""

RECEIVED, PROCESSED, FAILED = "media.received", "media.processed", "media.failed"
REMOVED, REVEALED = "media.removed", "media.revealed"


def stream_of(media: str) -> str:
    return f"media/{media}"
