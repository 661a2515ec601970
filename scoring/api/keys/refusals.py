"""A brake on refused keys: an address that sends too many has no more looked up for the rest of the minute.

Each web process counts for itself, which is enough: a key is 256 random bits, so the brake keeps the database
and the log from being worked by guesses, not guesses from succeeding.
"""

import time
from threading import Lock

from django.conf import settings

from scoring.api.keys.addresses import neighborhood
from scoring.api.keys.errors import TooManyRefusedKeys

WINDOW_SECONDS = 60.0
MAX_ADDRESSES = 10_000  # counted at a time; beyond it counting begins anew

_counts: dict[str, tuple[float, int]] = {}  # by neighborhood: when its minute ends, how many were refused
_lock = Lock()


def check_brake(address: str) -> None:
    """Raises TooManyRefusedKeys while the address has more refused keys than a minute may have."""
    until, count = _counts.get(neighborhood(address), (0.0, 0))
    left = until - time.monotonic()
    if left > 0 and count >= settings.API_MAX_REFUSED_KEYS:
        raise TooManyRefusedKeys(wait=int(left) + 1)


def note_refusal(address: str) -> None:
    """One more refused key from the address."""
    now, name = time.monotonic(), neighborhood(address)
    with _lock:
        if len(_counts) >= MAX_ADDRESSES and name not in _counts:
            _counts.clear()
        until, count = _counts.get(name, (0.0, 0))
        _counts[name] = (until, count + 1) if now < until else (now + WINDOW_SECONDS, 1)
