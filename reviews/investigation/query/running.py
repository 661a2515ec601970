"""The query that each user runs: a newer one of the same user takes its place, and its page can cancel it.

Web processes know of each other's queries by Redis. Without Redis, a query ends by itself at its time limit.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import redis

from scoring.signals import redis_connections as connections

POLL_SECONDS = 0.1
KEPT_SECONDS = 300  # longer than any query runs
MAX_TOKEN = 40  # characters


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a query by a user. `token`: by which its page cancels it."""

    user_name: str
    token: str = field(default_factory=lambda: uuid4().hex)


def run_of(user_name: str, token: str) -> Run:
    """The run with the token of a page, or one of its own if the page gave none that can be used."""
    is_usable = 0 < len(token) <= MAX_TOKEN and token.isascii() and token.isalnum()
    return Run(user_name, token) if is_usable else Run(user_name)


def cancel_run(run: Run) -> None:
    """Let the query of this run stop, wherever it runs; without effect if it has ended."""
    connections.client().set(_cancelled_key(run), "1", ex=KEPT_SECONDS)


@contextmanager
def cancelable(run: Run, stop: Callable[[], None]) -> Iterator[None]:
    """Calls `stop` when the run is cancelled, or when another one of its user begins.

    It is called again until the block ends, for one call may come between two statements.
    """
    ended = threading.Event()
    if not _begin(run):
        yield
        return
    watcher = threading.Thread(target=_watch, args=(run, stop, ended), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _begin(run: Run) -> bool:
    """Take the place of the user's other run; False without Redis."""
    try:
        connections.client().set(_running_key(run), run.token, ex=KEPT_SECONDS)
    except redis.RedisError:
        return False
    return True


def _watch(run: Run, stop: Callable[[], None], ended: threading.Event) -> None:
    while not ended.wait(POLL_SECONDS):
        try:
            if _is_to_stop(run):
                stop()
        except redis.RedisError:
            return


def _is_to_stop(run: Run) -> bool:
    current, cancelled = connections.client().mget(_running_key(run), _cancelled_key(run))
    return cancelled is not None or (current is not None and current != run.token.encode())


def _running_key(run: Run) -> str:
    return f"investigation:running:{run.user_name}"


def _cancelled_key(run: Run) -> str:
    return f"investigation:cancelled:{run.user_name}:{run.token}"
