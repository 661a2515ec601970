"""Where the embedded services keep their data and sockets. Nothing here starts anything.

`var` (ASSAY_VAR) holds everything. Two exceptions, both decided the same way by every process:

- As root, PostgreSQL runs as the system user `pgserver` (it refuses to run as root). Where that user cannot
  reach `var`, as in a checkout under /root, data and sockets live under /var/lib/assay instead.
- A Unix socket's path may be about 100 bytes long. Where `var` is deeper, the temp directory holds the
  sockets.
"""

import hashlib
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import ServiceUnusable

ROOTS_HOME = Path("/var/lib/assay")
# sun_path is 108 bytes on Linux and 104 on macOS; PostgreSQL adds a lock file's suffix.
SOCKET_PATH_LIMIT = 100
POSTGRES_PORT = 5432  # only a part of the socket's name: no TCP port is opened


@dataclass(frozen=True, slots=True)
class Places:
    """`home` holds the data directories, `run` the sockets."""

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


def locate(var: Path) -> Places:
    home = _home(var.resolve())
    run = home / "run"
    if len(os.fsencode(run / f".s.PGSQL.{POSTGRES_PORT}")) > SOCKET_PATH_LIMIT:
        run = Path(tempfile.gettempdir()) / f"assay-{os.geteuid()}-{_short_hash(str(home))}"
    return Places(var=var.resolve(), home=home, run=run)


def make_directory(path: Path, mode: int = 0o755) -> Path:
    """Create `path` with `mode`, and missing parents readable by all whatever the umask says."""
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
        path.mkdir(exist_ok=True)  # another process may be as quick
        path.chmod(mode)


def read_or_create_secret(var: Path, name: str, *, size: int = 48) -> str:
    """The generated secret of `size` random bytes kept in var/secrets, readable by its owner alone."""
    path = var / "secrets" / name
    if not path.exists():
        make_directory(path.parent, mode=0o700)
        _write_once(path, secrets.token_urlsafe(size))
    return path.read_text().strip()


def _write_once(path: Path, content: str) -> None:
    # Several processes may start at once in a fresh directory: all must end up with the first one's secret.
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
    # Named by a token kept in `var`, so that a deleted `var` never meets the data of the one before.
    return ROOTS_HOME / _short_hash(read_or_create_secret(var, "instance"))


def others_can_reach(path: Path) -> bool:
    """Whether every existing directory above `path` lets other users pass."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.parents if parent.exists())


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
