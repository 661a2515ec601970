"""Throttling of requests about appeals: an address that sends too many is refused for the rest of the minute.

Each web process counts separately: links are signed, so throttling spares the database and is not needed to
keep guesses from succeeding.
"""

import time
from threading import Lock

from reviews.appeals.errors import TooManyTries
from scoring.api.keys.addresses import neighborhood

WINDOW_SECONDS = 60.0
MAX_TRIES = 30
MAX_ADDRESSES = 10_000  # counted at a time; above it, all counts are reset

_counts: dict[str, tuple[float, int]] = {}  # by neighborhood: when its minute ends, how many requests it sent
_lock = Lock()


def count_try(address: str) -> None:
    """Count a request from the address. Raises `TooManyTries` above the limit of a minute."""
    now, name = time.monotonic(), neighborhood(address)
    with _lock:
        if len(_counts) >= MAX_ADDRESSES and name not in _counts:
            _counts.clear()
        until, count = _counts.get(name, (0.0, 0))
        if now >= until:
            until, count = now + WINDOW_SECONDS, 0
        _counts[name] = (until, count + 1)
    if count >= MAX_TRIES:
        raise TooManyTries(wait=int(until - now) + 1)
