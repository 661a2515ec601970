"""Deadlines of requests: how long a thread may still wait for the database, Redis or other threads.

A client that waits for a second has no use for an answer after a minute. A request sets its deadline; waits
end by then, or are interrupted.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Thread, get_ident

logger = logging.getLogger(__name__)

CHECK_SECONDS = 0.05  # a wait ends at most this long after its deadline

# Ends the wait of a thread, if it is of a kind that the interrupter handles.
Interrupter = Callable[[int], None]

_until: dict[int, float] = {}
_interrupters: list[Interrupter] = []
_starting = Lock()
_watched_process = 0


def allow(seconds: float) -> None:
    """Start the deadline of this thread's work."""
    _until[get_ident()] = time.monotonic() + seconds
    if _watched_process != os.getpid():
        _start_watching()


def lift() -> None:
    """Remove the deadline of this thread's work."""
    _until.pop(get_ident(), None)


def seconds_left() -> float | None:
    """The seconds that this thread may still wait, 0 after its deadline; None without one."""
    until = _until.get(get_ident())
    return None if until is None else max(until - time.monotonic(), 0.0)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """End the block after `seconds`, or at this thread's own deadline if that comes first."""
    thread = get_ident()
    outer = _until.get(thread)
    if outer is None or outer > time.monotonic() + seconds:
        allow(seconds)
    try:
        yield
    finally:
        lift() if outer is None else _until.update({thread: outer})


def register_interrupter(interrupter: Interrupter) -> None:
    """Call `interrupter` repeatedly with each thread past its deadline, until its work ends."""
    _interrupters.append(interrupter)


def _start_watching() -> None:
    """Start one watcher thread per process: threads do not survive a fork."""
    global _watched_process  # noqa: PLW0603 - the process whose thread runs
    with _starting:
        if _watched_process != os.getpid():
            _watched_process = os.getpid()
            Thread(target=_watch, name="deadlines", daemon=True).start()


def _watch() -> None:
    while True:
        time.sleep(CHECK_SECONDS)
        now = time.monotonic()
        for thread in [thread for thread, until in tuple(_until.items()) if until < now]:
            for interrupter in _interrupters:
                _interrupt(interrupter, thread)


def _interrupt(interrupter: Interrupter, thread: int) -> None:
    try:
        interrupter(thread)
    except Exception:  # every deadline depends on this thread, so it must not end
        logger.exception("a wait past its deadline could not be interrupted")
