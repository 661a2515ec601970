"""Both embedded services together: their addresses, start, stop and status.

Addresses are computed rather than looked up, because settings are read before the services run.
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
from embedded.paths import POSTGRES_PORT, ServicePaths, make_directory, read_or_create_secret, service_paths

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
    paths = service_paths(var)
    return f"postgres://postgres@{quote(str(paths.run), safe='')}:{POSTGRES_PORT}/{postgres.DATABASE}"


def redis_url(var: Path) -> str:
    return f"unix://{service_paths(var).redis_socket}"


def start(var: Path, *, names: tuple[str, ...] = ALL, timeout: float = START_SECONDS) -> None:
    """Start those of `names` that are not running, and wait until all of them accept connections."""
    paths = service_paths(var)
    with _prepared(paths):
        for name in names:
            SERVICES[name].start(paths, timeout=timeout)


def stop(var: Path, *, names: tuple[str, ...] = ALL, timeout: float = STOP_SECONDS) -> list[str]:
    """Stop the running services. Returns their names."""
    paths = service_paths(var)
    with _prepared(paths):
        return [name for name in reversed(names) if SERVICES[name].stop(paths, timeout=timeout)]


def status(var: Path, *, names: tuple[str, ...] = ALL) -> list[ServiceState]:
    paths = service_paths(var)
    sockets = {"postgres": paths.postgres_socket, "redis": paths.redis_socket}
    return [ServiceState(name, SERVICES[name].is_ready(paths), str(sockets[name])) for name in names]


def liveness_check(var: Path, name: str) -> Callable[[], bool]:
    """A check whether the service's process exists; a busy service counts as alive."""
    return lambda: SERVICES[name].is_alive(service_paths(var))


def starter_for(var: Path, name: str) -> Callable[[], None]:
    return lambda: start(var, names=(name,))


@contextmanager
def _prepared(paths: ServicePaths) -> Iterator[None]:
    """Create the directories, check their owner, and exclude other starts and stops for the block."""
    make_directory(paths.var)
    make_directory(paths.home)
    if os.geteuid() == 0:
        # Created under a strict umask, it would be inaccessible to the system user that runs PostgreSQL.
        paths.home.chmod(paths.home.stat().st_mode | 0o011)
    make_directory(paths.run, mode=0o700)
    _refuse_untrusted(paths.run)
    try:
        lock = (paths.var / "services.lock").open("w")
    except OSError as error:
        raise ServiceUnusable(
            f"{paths.var} cannot be written ({error}). Choose another with ASSAY_VAR=/a/directory."
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refuse_untrusted(directory: Path) -> None:
    """The owner of the socket directory could impersonate the servers."""
    status = directory.lstat()
    trusted = {os.geteuid()} | postgres.server_user_ids()
    if stat.S_ISLNK(status.st_mode) or status.st_uid not in trusted or status.st_mode & 0o022:
        raise ServiceUnusable(
            f"{directory} belongs to another user or is writable by others: remove it, or set TMPDIR to a"
            " directory of your own."
        )
