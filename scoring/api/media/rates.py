"""How many files a key may upload in a minute. Each web process counts separately."""

import time
from threading import Lock

from django.conf import settings

from scoring.content.media.errors import TooManyUploads

WINDOW_SECONDS = 60.0
MAX_KEYS = 10_000  # counted at a time; above it, all counts are reset

_counts: dict[str, tuple[float, int]] = {}  # by key prefix: when its minute ends, how many were uploaded
_lock = Lock()


def count_upload(prefix: str) -> None:
    """Count an upload of the key with this prefix. Raises TooManyUploads above the limit of a minute."""
    now, limit = time.monotonic(), settings.API_MAX_UPLOADS
    with _lock:
        if len(_counts) >= MAX_KEYS and prefix not in _counts:
            _counts.clear()
        until, count = _counts.get(prefix, (0.0, 0))
        until, count = (until, count) if now < until else (now + WINDOW_SECONDS, 0)
        if count >= limit:
            raise TooManyUploads(limit=limit, wait=int(until - now) + 1)
        _counts[prefix] = (until, count + 1)
