"""The embedded services as one: their addresses, starting, stopping, asking.

The addresses are computed, never looked up: settings may be read before anything runs.
"""

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from embedded import postgres, redis
from embedded.errors import ServiceUnusable
from embedded.places import POSTGRES_PORT, Places, locate, make_directory, read_or_create_secret

__all__ = ["ServiceUnusable", "read_or_create_secret"]

START_SECONDS, STOP_SECONDS = 60.0, 60.0
SERVICES = {"postgres": postgres, "redis": redis}
ALL = tuple(SERVICES)


@dataclass(frozen=True, slots=True)
class ServiceState:
    name: str
    ready: bool
    address: str


def database_url(var: Path) -> str:
    places = locate(var)
    return f"postgres://postgres@{quote(str(places.run), safe='')}:{POSTGRES_PORT}/{postgres.DATABASE}"


def redis_url(var: Path) -> str:
    return f"unix://{locate(var).redis_socket}"


def start(var: Path, *, names: tuple[str, ...] = ALL, timeout: float = START_SECONDS) -> None:
    """Start what does not run yet; when this returns, each of `names` accepts connections."""
    places = locate(var)
    with _prepared(places):
        for name in names:
            SERVICES[name].start(places, timeout=timeout)


def stop(var: Path, *, names: tuple[str, ...] = ALL, timeout: float = STOP_SECONDS) -> list[str]:
    """Stop what runs, and give its names."""
    places = locate(var)
    with _prepared(places):
        return [name for name in reversed(names) if SERVICES[name].stop(places, timeout=timeout)]


def status(var: Path, *, names: tuple[str, ...] = ALL) -> list[ServiceState]:
    places = locate(var)
    sockets = {"postgres": places.postgres_socket, "redis": places.redis_socket}
    return [ServiceState(name, SERVICES[name].is_ready(places), str(sockets[name])) for name in names]


def life_of(var: Path, name: str) -> Callable[[], bool]:
    """Whether the service's process lives, asked of the process table alone: it may be busy."""
    return lambda: SERVICES[name].is_alive(locate(var))


def starter_of(var: Path, name: str) -> Callable[[], None]:
    return lambda: start(var, names=(name,))


@contextmanager
def _prepared(places: Places) -> Iterator[None]:
    """The directories exist and are ours, and no other start or stop is under way."""
    make_directory(places.var)
    make_directory(places.home)
    if os.geteuid() == 0:
        # Written under a strict umask it would shut out the system user that runs PostgreSQL.
        places.home.chmod(places.home.stat().st_mode | 0o011)
    make_directory(places.run, mode=0o700)
    _refuse_foreign(places.run)
    try:
        lock = (places.var / "services.lock").open("w")
    except OSError as error:
        raise ServiceUnusable(
            f"{places.var} cannot be written ({error}). Choose another with ASSAY_VAR=/a/directory."
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refuse_foreign(directory: Path) -> None:
    """Whoever owns the directory of the sockets can stand in for the servers."""
    status = directory.lstat()
    trusted = {os.geteuid()} | postgres.owner_ids()
    if stat.S_ISLNK(status.st_mode) or status.st_uid not in trusted or status.st_mode & 0o022:
        raise ServiceUnusable(
            f"{directory} belongs to another user, or others may write in it: remove it, or set TMPDIR to a"
            " directory of your own."
        )
