"""Paths of the embedded services' data and sockets. Nothing here starts a process.

Everything is under `var` (ASSAY_VAR), with two exceptions that every process decides in the same way:

- PostgreSQL refuses to run as root, so root runs it as the system user `pgserver`. If that user cannot reach
  `var`, as in a checkout under /root, data and sockets are under /var/lib/assay instead.
- The path of a Unix socket is limited to about 100 bytes. If `var` is deeper, the sockets are in the
  temporary directory.
"""

import hashlib
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import ServiceUnusable

ROOT_USER_HOME = Path("/var/lib/assay")
# sun_path is 108 bytes on Linux and 104 on macOS; PostgreSQL adds a lock file's suffix.
SOCKET_PATH_LIMIT = 100
POSTGRES_PORT = 5432  # only part of the socket's name: no TCP port is opened


@dataclass(frozen=True, slots=True)
class ServicePaths:
    """`home` contains the data directories, `run` the sockets."""

    var: Path
    home: Path
    run: Path

    @property
    def postgres(self) -> Path:
        return self.home / "postgres"

    @property
    def redis(self) -> Path:
        return self.home / "redis"

    @property
    def postgres_socket(self) -> Path:
        return self.run / f".s.PGSQL.{POSTGRES_PORT}"

    @property
    def redis_socket(self) -> Path:
        return self.run / "redis.sock"


def service_paths(var: Path) -> ServicePaths:
    home = _home(var.resolve())
    run = home / "run"
    if len(os.fsencode(run / f".s.PGSQL.{POSTGRES_PORT}")) > SOCKET_PATH_LIMIT:
        run = Path(tempfile.gettempdir()) / f"assay-{os.geteuid()}-{_short_hash(str(home))}"
    return ServicePaths(var=var.resolve(), home=home, run=run)


def make_directory(path: Path, mode: int = 0o755) -> Path:
    """Create `path` with `mode`, and missing parents with mode 755; the umask has no effect."""
    try:
        for parent in reversed(path.parents):
            _create_directory(parent, 0o755)
        _create_directory(path, mode)
    except OSError as error:
        raise ServiceUnusable(
            f"The directory {path} cannot be created ({error}). Choose another with ASSAY_VAR=/a/directory."
        ) from error
    return path


def _create_directory(path: Path, mode: int) -> None:
    if not path.is_dir():
        path.mkdir(exist_ok=True)  # another process may create it at the same time
        path.chmod(mode)


def read_or_create_secret(var: Path, name: str, *, size: int = 48) -> str:
    """The generated secret of `size` random bytes in var/secrets, readable only by its owner."""
    path = var / "secrets" / name
    if not path.exists():
        make_directory(path.parent, mode=0o700)
        _write_once(path, secrets.token_urlsafe(size))
    return path.read_text().strip()


def _write_once(path: Path, content: str) -> None:
    # Processes that start together in a fresh directory must all end up with the same secret.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def _home(var: Path) -> Path:
    if os.geteuid() != 0 or others_can_reach(var):
        return var
    # Named by a token kept in `var`, so that a new `var` never finds the data of a deleted one.
    return ROOT_USER_HOME / _short_hash(read_or_create_secret(var, "instance"))


def others_can_reach(path: Path) -> bool:
    """Whether every existing directory above `path` is executable (searchable) by other users."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.parents if parent.exists())


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
