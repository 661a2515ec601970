"""The embedded services of test sessions: those with one directory share them, and the last one stops them.

A session that stopped what it had started ended the connections of another one: "server closed the connection
unexpectedly".
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded import services

LOCK = "sessions.lock"


@contextmanager
def shared_services(var: Path) -> Iterator[None]:
    """Start PostgreSQL and Redis; at the end stop those of them that any session started, if none is left."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / LOCK).open("a+") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        stopped = [state.name for state in services.status(var) if not state.ready]
        users.write("".join(f"{name}\n" for name in stopped))
        users.flush()
        services.start(var, names=tuple(stopped))
        yield
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another session uses them, and stops them when it ends
        users.seek(0)
        started = set(users.read().split())
        users.truncate(0)
        services.stop(var, names=tuple(name for name in services.ALL if name in started))
