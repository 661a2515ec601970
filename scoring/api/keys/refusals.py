"""Throttling of refused keys: an address that sends too many is refused for the rest of the minute.

Each web process counts separately, which is enough: a key has 256 random bits, so throttling spares the
database and the log; it is not needed to keep guesses from succeeding.
"""

import time
from threading import Lock

from django.conf import settings

from scoring.api.keys.addresses import neighborhood
from scoring.api.keys.errors import TooManyRefusedKeys

WINDOW_SECONDS = 60.0
MAX_ADDRESSES = 10_000  # counted at a time; above it, all counts are reset

_counts: dict[str, tuple[float, int]] = {}  # by neighborhood: when its minute ends, how many were refused
_lock = Lock()


def check_brake(address: str) -> None:
    """Raises TooManyRefusedKeys while the address is above the limit of refused keys per minute."""
    until, count = _counts.get(neighborhood(address), (0.0, 0))
    left = until - time.monotonic()
    if left > 0 and count >= settings.API_MAX_REFUSED_KEYS:
        raise TooManyRefusedKeys(wait=int(left) + 1)


def note_refusal(address: str) -> None:
    """Count a refused key from the address."""
    now, name = time.monotonic(), neighborhood(address)
    with _lock:
        if len(_counts) >= MAX_ADDRESSES and name not in _counts:
            _counts.clear()
        until, count = _counts.get(name, (0.0, 0))
        _counts[name] = (until, count + 1) if now < until else (now + WINDOW_SECONDS, 1)
